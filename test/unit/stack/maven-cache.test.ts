import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cacheDirOf, isComplete, mavenCache } from '../../../stack/maven-cache.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const quiet = () => undefined;

/** Stands for Maven: counts its runs, fails as often as the file `failures` says, and fills the cache like the POM. */
const MVN = `#!/bin/sh
here=$(dirname "$0")
echo run >> "$here/runs"
left=$(cat "$here/failures")
for word in "$@"; do case "$word" in -Dcache.dir=*) target=\${word#-Dcache.dir=} ;; esac; done
mkdir -p "$target/kafka"
if [ "$left" -gt 0 ]; then echo $((left - 1)) > "$here/failures"; echo "[ERROR] no route to the repository"; exit 1; fi
mkdir -p "$target/registry" "$target/redis"
touch "$target/kafka/b.jar" "$target/kafka/a.jar" "$target/kafka/README" "$target/redis/redis-server-x"
`;

describe('the cache of what Maven brings', () => {
  let dir = '';
  const runs = () => readFileSync(join(dir, 'bin/runs'), 'utf8').trim().split('\n').length;
  const failNext = (times: number) => writeFileSync(join(dir, 'bin/failures'), String(times));
  const fetch = () => mavenCache(dir, quiet, 1);

  beforeEach(() => {
    dir = temporaryFolder('maven');
    mkdirSync(join(dir, 'bin'));
    writeFileSync(join(dir, 'bin/mvn'), MVN);
    chmodSync(join(dir, 'bin/mvn'), 0o755);
    writeFileSync(join(dir, 'pom.xml'), '<project/>');
    failNext(0);
    vi.stubEnv('PATH', `${join(dir, 'bin')}${delimiter}${process.env['PATH']}`);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('is filled once: later, Maven is not asked again', async () => {
    const cache = await fetch();
    expect(cache.kafkaJars).toEqual([join(cache.dir, 'kafka/a.jar'), join(cache.dir, 'kafka/b.jar')]);
    await fetch();
    expect(runs()).toBe(1);
  });

  it('is filled once by two that ask at the same time', async () => {
    const [one, two] = await Promise.all([fetch(), fetch()]);
    expect(one).toEqual(two);
    expect(runs()).toBe(1);
  });

  it('survives a Maven run that fails, by running it again', async () => {
    failNext(2);
    expect(isComplete((await fetch()).dir)).toBe(true);
    expect(runs()).toBe(3);
  });

  it('after three failures is not there, says why, and is filled by the next try', async () => {
    failNext(3);
    await expect(fetch()).rejects.toThrow('Maven failed 3 times: [ERROR] no route to the repository');
    expect(isComplete(await cacheDirOf(dir))).toBe(false);
    expect(isComplete((await fetch()).dir)).toBe(true);
  });

  it('that was left half filled is filled anew', async () => {
    const target = await cacheDirOf(dir);
    mkdirSync(join(target, 'kafka'), { recursive: true });
    writeFileSync(join(target, 'kafka/half.jar'), '');
    await fetch();
    expect(existsSync(join(target, 'kafka/half.jar'))).toBe(false);
  });

  it('is another one for another POM', async () => {
    const before = await cacheDirOf(dir);
    writeFileSync(join(dir, 'pom.xml'), '<project><version>2</version></project>');
    expect(await cacheDirOf(dir)).not.toBe(before);
  });
});
