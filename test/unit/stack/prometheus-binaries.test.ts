import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { prometheusBinaries } from '../../../stack/prometheus-binaries.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const quiet = () => undefined;

/** Stands for apt: `machine` and `own` say whether the machine's lists and fresh ones work. */
const APT_GET = `#!/bin/sh
here=$(dirname "$0")
echo "$*" >> "$here/calls"
kind=machine
case "$*" in *Dir::State=*) kind=own ;; esac
if [ "$(cat "$here/$kind")" != works ]; then echo "E: $kind lists are of no use" >&2; exit 100; fi
case "$*" in *update) exit 0 ;; esac
touch prometheus_2.42.0_amd64.deb
`;

/** Stands for dpkg-deb: unpacks two programs, which run unless \`broken\` is there. */
const DPKG_DEB = `#!/bin/sh
here=$(dirname "$0")
mkdir -p "$3/usr/bin"
code=0; if [ -e "$here/broken" ]; then code=1; fi
for name in prometheus promtool; do
  printf '#!/bin/sh\\nexit %s\\n' "$code" > "$3/usr/bin/$name"; chmod 755 "$3/usr/bin/$name"
done
`;

describe('the binaries of Prometheus', () => {
  let dir = '';
  const bin = (name: string) => join(dir, 'bin', name);
  const program = (name: string, text: string) => {
    writeFileSync(bin(name), text);
    chmodSync(bin(name), 0o755);
  };
  const calls = () =>
    existsSync(bin('calls')) ? readFileSync(bin('calls'), 'utf8').trim().split('\n').length : 0;
  const fetched = () => join(dir, '.cache', `prometheus-${process.platform}-${process.arch}`);
  const lists = (machine: string, own: string) => {
    writeFileSync(bin('machine'), machine);
    writeFileSync(bin('own'), own);
  };

  beforeEach(() => {
    dir = temporaryFolder('prometheus');
    mkdirSync(join(dir, 'bin'));
    program('apt-get', APT_GET);
    program('dpkg-deb', DPKG_DEB);
    // A system's Prometheus, where there is one, is put out of sight by one that does not run.
    program('prometheus', '#!/bin/sh\nexit 1\n');
    program('promtool', '#!/bin/sh\nexit 1\n');
    lists('works', 'works');
    vi.stubEnv('PATH', `${join(dir, 'bin')}${delimiter}${process.env['PATH']}`);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it("are the system's where both run, and nothing is fetched", async () => {
    for (const name of ['prometheus', 'promtool']) program(name, '#!/bin/sh\nexit 0\n');
    expect(await prometheusBinaries(dir, quiet)).toEqual({ prometheus: 'prometheus', promtool: 'promtool' });
    expect(calls()).toBe(0);
  });

  it('are fetched once by two that ask at the same time, and never again', async () => {
    const [one, two] = await Promise.all([prometheusBinaries(dir, quiet), prometheusBinaries(dir, quiet)]);
    expect(one).toEqual({
      prometheus: join(fetched(), 'usr/bin/prometheus'),
      promtool: join(fetched(), 'usr/bin/promtool'),
    });
    expect(two).toEqual(one);
    await prometheusBinaries(dir, quiet);
    expect(calls()).toBe(1);
  });

  it('come by package lists of their own where the machine has none', async () => {
    lists('none', 'works');
    await prometheusBinaries(dir, quiet);
    expect(readFileSync(bin('calls'), 'utf8')).toMatch(
      /Dir::State::status=\/var\/lib\/dpkg\/status .*update\n/,
    );
    expect(calls()).toBe(3); // in vain, the lists, the package
  });

  it('that cannot be had are told with what was tried and what to do; the next try begins anew', async () => {
    lists('none', 'none');
    await expect(prometheusBinaries(dir, quiet)).rejects.toThrow(
      'no Prometheus here, and none by apt: E: machine lists are of no use; with fresh package lists: ' +
        'E: own lists are of no use. Install `prometheus`',
    );
    lists('works', 'works');
    expect((await prometheusBinaries(dir, quiet)).promtool).toContain(fetched());
  });

  it('that do not run here are not kept', async () => {
    writeFileSync(bin('broken'), '');
    await expect(prometheusBinaries(dir, quiet)).rejects.toThrow('its binaries do not run here');
    expect(existsSync(fetched())).toBe(false);
  });
});
