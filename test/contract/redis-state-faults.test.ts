import { inspect } from 'node:util';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { isEsteiraError } from '../../src/core/errors.ts';
import type { StateStore } from '../../src/core/ports/state.ts';
import type { RedisStateOptions } from '../../src/state/redis/redis-options.ts';
import { createRedisStateStore } from '../../src/state/redis/redis-state-store.ts';
import { type OwnRedis, startOwnRedis } from '../support/own-redis.ts';
import { type RecordingLog, recordingLog } from '../support/recording-log.ts';
import { waitFor } from '../support/wait.ts';
import { aJob, claim, claimOf, claimRun, completeOf, decideOf, one } from './state/fixture.ts';

const COMMAND_TIMEOUT_MS = 1_000;
/** The wait for a connection and the command may each take their whole time; the rest is for a busy machine. */
const ANSWERED_WITHIN_MS = 2 * COMMAND_TIMEOUT_MS + 1_500;

describe('a Redis that fails', () => {
  let own: OwnRedis;
  let admin: Redis;
  let log: RecordingLog;
  const opened: StateStore[] = [];

  const open = (over: Partial<RedisStateOptions> = {}): StateStore => {
    const store = createRedisStateStore(
      { url: own.url, namespace: 'faults', commandTimeoutMs: COMMAND_TIMEOUT_MS, ...over },
      log,
    );
    opened.push(store);
    return store;
  };
  const asking = async (store: StateStore): Promise<unknown> => {
    const fromMs = performance.now();
    const answer = await claim(store, aJob()).catch((error: unknown) => error);
    expect(performance.now() - fromMs).toBeLessThan(ANSWERED_WITHIN_MS);
    return answer;
  };
  const untilItAnswers = (store: StateStore) =>
    waitFor('the store to answer again', () => claim(store, aJob()).catch(() => undefined), {
      timeoutMs: 20_000,
    });

  beforeAll(async () => {
    own = await startOwnRedis();
    admin = new Redis(own.url, { maxRetriesPerRequest: null, retryStrategy: () => 100 });
    admin.on('error', () => undefined);
    log = recordingLog();
  });
  afterEach(async () => {
    own.server.thaw();
    if (!own.server.isAlive()) await own.server.start();
    await Promise.all(opened.splice(0).map((store) => store.close()));
    log = recordingLog();
  });
  afterAll(async () => {
    admin.disconnect();
    await own.stop();
  });

  test('all data lost: runs complete as adopted, decide and go on; new claims have higher fences', async () => {
    const store = open();
    const [running, deciding, done] = [aJob(), aJob(), aJob()];
    const first = await claimRun(store, running);
    const second = await claimRun(store, deciding);
    await store.complete([completeOf(done, (await claimRun(store, done)).fence)]);
    await admin.flushall();
    expect(await one(store.renew([{ ...running, fence: first.fence, leaseMs: 1_000 }]))).toBe('gone');
    expect(await one(store.complete([completeOf(running, first.fence)]))).toBe('adopted');
    expect(await one(store.decide([decideOf(deciding, second.fence)]))).toEqual({ kind: 'stored' });
    const again = await claimRun(store, done);
    expect(again.starts).toBe(1);
    expect(again.fence).toBeGreaterThan(second.fence);
  });

  test('scripts forgotten by the server are sent again', async () => {
    const store = open();
    await claimRun(store, aJob());
    await admin.script('FLUSH');
    const jobs = Array.from({ length: 50 }, () => aJob());
    const answers = await store.claim(jobs.map((job) => claimOf(job)));
    expect(new Set(answers.map(({ kind }) => kind))).toEqual(new Set(['run']));
  });

  test('killed and started again: a typed error in time, then it goes on by itself with what it knew', async () => {
    const store = open();
    const job = aJob();
    const { fence } = await claimRun(store, job);
    await store.complete([completeOf(job, fence)]);
    await own.server.kill();
    await waitFor('the refusal to be seen', async () => {
      const error = await asking(store);
      expect(error).toMatchObject({ code: 'ESTEIRA_STATE_UNAVAILABLE', retryable: true });
      return isEsteiraError(error) && error.facts['code'] === 'ECONNREFUSED';
    });
    await expect(store.verify()).rejects.toMatchObject({
      code: 'ESTEIRA_SERVICE_UNREACHABLE',
      facts: { code: 'ECONNREFUSED' },
    });
    await own.server.start();
    await untilItAnswers(store);
    expect(await claim(store, job)).toMatchObject({ kind: 'done', fence });
    expect(log.messages('warn')).toEqual(['redis_unavailable']);
    expect(log.messages('info')).toEqual(['redis_available']);
  });

  test('a call on its way when the server dies fails at once and is not done later', async () => {
    const store = open();
    await claimRun(store, aJob());
    own.server.freeze();
    const job = aJob();
    const lost = claim(store, job).catch((error: unknown) => error);
    await own.server.kill();
    expect(await lost).toMatchObject({ code: 'ESTEIRA_STATE_UNAVAILABLE' });
    await own.server.start();
    await untilItAnswers(store);
    expect(await claim(store, job)).toMatchObject({ kind: 'run', starts: 1 });
  });

  test('frozen: calls fail in time, and the run that asks again gets the claim it was given unheard', async () => {
    const store = open();
    const job = aJob();
    await claimRun(store, aJob());
    own.server.freeze();
    const unheard = await claim(store, job, { run: 'r1' }).catch((error: unknown) => error);
    expect(unheard).toMatchObject({ code: 'ESTEIRA_STATE_UNAVAILABLE' });
    own.server.thaw();
    await untilItAnswers(store);
    expect(await claim(store, job, { run: 'r1' })).toMatchObject({ kind: 'run', starts: 1 });
    expect(await claim(store, job, { run: 'r2' })).toMatchObject({ kind: 'running' });
  });

  test('frozen for longer than the silence allowed: the connection is given up and made again', async () => {
    const store = open({ commandTimeoutMs: 200 });
    await claimRun(store, aJob());
    const before = await connectionIds(admin);
    own.server.freeze();
    await waitFor('the dead connection to be noticed', async () => {
      await claim(store, aJob()).catch(() => undefined);
      return log.messages('warn').includes('redis_unavailable');
    });
    own.server.thaw();
    await untilItAnswers(store);
    const after = await waitFor('the new connection', () => connectionIds(admin));
    expect(after.some((id) => !before.includes(id))).toBe(true);
  });

  test('a store that is never asked makes no connection and logs nothing', async () => {
    const before = await connectionIds(admin);
    const store = open();
    const unreachable = open({ url: 'redis://127.0.0.1:1' });
    await Promise.all([store.close(), unreachable.close()]);
    expect(await connectionIds(admin)).toEqual(before);
    expect(log.lines).toEqual([]);
  });

  test('many calls waiting for a connection at once are no leak', async () => {
    // Node took the eleventh waiting call for a leak and said so on stderr.
    const warned: string[] = [];
    const onWarning = (warning: Error) => warned.push(warning.name);
    process.on('warning', onWarning);
    const store = open({ url: 'redis://127.0.0.1:1', commandTimeoutMs: 200 });
    const answers = await Promise.allSettled(Array.from({ length: 40 }, () => claim(store, aJob())));
    await waitFor(
      'warnings to be given out',
      () => new Promise<true>((resolve) => setImmediate(resolve, true)),
    );
    process.off('warning', onWarning);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set(['rejected']));
    expect(warned).toEqual([]);
  });

  test('closing does not wait for a server that is not there', async () => {
    const store = open({ url: 'redis://127.0.0.1:1' });
    expect(await asking(store)).toMatchObject({ code: 'ESTEIRA_STATE_UNAVAILABLE' });
    await store.close();
    await expect(store.claim([])).rejects.toMatchObject({ code: 'ESTEIRA_CLOSED' });
  });

  test('a wrong password is named by its code, and no password is in errors or log lines', async () => {
    await admin.call('ACL', 'SETUSER', 'guarded', 'on', '>right-horse', '~*', '&*', '+@all');
    const { hostname: host, port } = new URL(own.url);
    const store = open({
      url: `redis://guarded:wr0ng-horse@${host}:${port}`,
    });
    const error = await store.verify().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ESTEIRA_SERVICE_UNREACHABLE', facts: { code: 'WRONGPASS' } });
    const words = inspect([error, log.lines], { depth: 20, showHidden: true });
    expect(words).not.toContain('wr0ng-horse');
    const right = open({ url: `redis://guarded:right-horse@${host}:${port}/0` });
    expect(await claim(right, aJob())).toMatchObject({ kind: 'run' });
  });

  test('a server that may evict keys is refused with what to do', async () => {
    const store = open();
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const error = await store.verify().catch((thrown: unknown) => thrown);
    await admin.config('SET', 'maxmemory-policy', 'noeviction');
    expect(error).toMatchObject({ code: 'ESTEIRA_STATE_UNSAFE', facts: { policy: 'allkeys-lru' } });
    expect(String(error)).toContain('CONFIG SET maxmemory-policy noeviction');
    await expect(store.verify()).resolves.toBeUndefined();
    expect(log.messages('warn')).toEqual([]);
  });

  test('a server that does not tell about itself is warned about, not refused', async () => {
    const console = vi.spyOn(globalThis.console, 'warn').mockImplementation(() => undefined);
    await admin.call('ACL', 'SETUSER', 'managed', 'on', 'nopass', '~*', '&*', '+@all', '-info', '-config');
    const { hostname: host, port } = new URL(own.url);
    const store = open({ url: undefined, host, port: Number(port), username: 'managed', password: 'any' });
    await expect(store.verify()).resolves.toBeUndefined();
    expect(log.messages('warn')).toEqual(['redis_eviction_policy_unknown']);
    expect(await claim(store, aJob())).toMatchObject({ kind: 'run' });
    expect(console).not.toHaveBeenCalled();
    console.mockRestore();
  });

  test('a server without an append-only file is warned about', async () => {
    const store = open();
    await admin.config('SET', 'appendonly', 'no');
    await store.verify();
    await admin.config('SET', 'appendonly', 'yes');
    expect(log.messages('warn')).toEqual(['redis_without_append_only_file']);
  });

  // It was full at a megabyte, unless the tests before had left it nearly empty.
  test('a full server is unavailable, not broken', async () => {
    const store = open();
    await claimRun(store, aJob());
    await admin.config('SET', 'maxmemory', '1');
    const answer = await asking(store);
    await admin.config('SET', 'maxmemory', '0');
    expect(answer).toMatchObject({ code: 'ESTEIRA_STATE_UNAVAILABLE', facts: { code: 'OOM' } });
    expect(await claim(store, aJob())).toMatchObject({ kind: 'run' });
  });

  test('key names are bounded, carry one tag and end by themselves', async () => {
    await admin.flushall();
    const store = open();
    const long = 'x'.repeat(4_000);
    const job = aJob({ jobType: `type-${long}`, tenant: `t-${long}`, idempotencyKey: long, jobId: long });
    const { fence } = await claimRun(store, job);
    await store.decide([decideOf(job, fence)]);
    await claimRun(store, job, { hop: 1 });
    const names = await admin.keys('*');
    expect(names).toHaveLength(3);
    for (const name of names) {
      expect(name.length).toBeLessThan(200);
      expect(name).toMatch(/^\{faults:~type-[^}]*:\d+\}:/);
      expect(await admin.pttl(name)).toBeGreaterThan(0);
    }
  });
});

/** Ids of the connections that the stores under test have made. */
const connectionIds = async (admin: Redis): Promise<readonly string[]> => {
  const clients = String(await admin.client('LIST'));
  return [...clients.matchAll(/^id=(\d+) .*name=esteira-state /gm)].map(([, id]) => id ?? '');
};
