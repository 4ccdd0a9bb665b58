import { describe, expect, test } from 'vitest';
import { kafkaClock, redisClock } from '../../../../src/runtime/doctor/clocks.ts';
import { redisServer } from '../../../../src/runtime/doctor/redis-server.ts';
import { NOW_MS, openShop, SOUND_REDIS, said } from './bench.ts';

/** What is said about a Redis with these facts. */
const about = async (change: Record<string, string | undefined>, production = false) => {
  const { parts } = await openShop();
  const facts = Object.entries({ ...SOUND_REDIS, ...change }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const state = { ...parts.state, facts: async () => new Map(facts) };
  return said(redisServer, { ...parts, production, state });
};

describe('the Redis server', () => {
  test('one that is as it should be', async () => {
    expect(await about({})).toEqual([
      'ok eviction: noeviction: no claim or done mark is dropped',
      'ok persistence: append-only file',
      'ok memory: 1 MiB of 100 MiB used; room for some 268K jobs more within their doneTtl',
    ]);
  });

  test('one that evicts is a problem', async () => {
    expect(await about({ maxmemory_policy: 'allkeys-lru' })).toContain(
      'problem eviction: allkeys-lru: a dropped done mark lets a job run twice',
    );
  });

  test('without an append-only file it is a warning, and in production a problem', async () => {
    const off = { aof_enabled: '0' };
    expect((await about(off))[1]).toMatch(/^warning persistence: no append-only file/);
    expect((await about(off, true))[1]).toMatch(/^problem persistence: no append-only file/);
  });

  test('an append-only file that cannot be written is a problem', async () => {
    expect((await about({ aof_last_write_status: 'err' }))[1]).toMatch(/^problem persistence: .* cannot be/);
  });

  test('memory is a warning from seven tenths, and a problem from nine', async () => {
    const used = async (mib: number) => (await about({ used_memory: String(mib * 1_048_576) })).at(-1);
    expect(await used(69)).toBe(
      'ok memory: 69 MiB of 100 MiB used; room for some 4K jobs more within their doneTtl',
    );
    expect(await used(71)).toBe('warning memory: 71 MiB of 100 MiB used');
    expect(await used(91)).toBe('problem memory: 91 MiB of 100 MiB used');
  });

  test('where it has no limit of its own, that of its machine counts', async () => {
    const machine = { maxmemory: '0', total_system_memory: String(2 * 1_048_576) };
    expect((await about(machine)).at(-1)).toBe(
      'ok memory: 1 MiB of 2 MiB used; room for some 2K jobs more within their doneTtl',
    );
    expect((await about({ maxmemory: '0' })).at(-1)).toBe('ok memory: 1 MiB used, no limit known');
  });

  test('a replica and an old release are problems', async () => {
    expect(await about({ role: 'slave' })).toContain('problem role: it is a replica, which takes no writes');
    expect(await about({ redis_version: '4.0.14' })).toContain(
      'problem version: 4.0.14 is too old for the scripts',
    );
  });

  test('what it does not tell is unknown, with what to see to', async () => {
    const { parts } = await openShop();
    const checks = await redisServer({ ...parts, state: { ...parts.state, facts: async () => undefined } });
    expect(checks).toMatchObject([
      { verdict: 'unknown', name: 'eviction', todo: 'see to it that maxmemory-policy is noeviction' },
      { verdict: 'unknown', name: 'persistence', todo: 'see to it that appendonly is yes' },
    ]);
  });
});

describe('clocks', () => {
  const off = async (byMs: number) => {
    const { parts } = await openShop();
    const state = { ...parts.state, nowMs: async () => NOW_MS + byMs };
    return (await said(redisClock, { ...parts, state }))[0];
  };

  test('a Redis that agrees within a second is well, ahead or behind', async () => {
    const agreed = 'ok clock: Redis and this machine agree within 1 s';
    expect([await off(999), await off(-999)]).toEqual([agreed, agreed]);
  });

  test('one second is a warning, ten are a problem', async () => {
    expect(await off(1_000)).toMatch(/^warning clock: Redis is 1 s ahead of this machine/);
    expect(await off(-9_999)).toMatch(/^warning clock: Redis is 9 s behind this machine/);
    expect(await off(10_000)).toMatch(/^problem clock: Redis is 10 s ahead of/);
  });

  // Promise: a slow answer is no skew: what it took may have been on either way.
  test('what the answer took is not counted as skew', async () => {
    const { parts } = await openShop();
    const times = [NOW_MS, NOW_MS + 4_000];
    const nowMs = () => times.shift() ?? NOW_MS;
    const state = { ...parts.state, nowMs: async () => NOW_MS + 4_500 };
    expect((await said(redisClock, { ...parts, state, nowMs }))[0]).toMatch(/^ok clock/);
  });

  test('a record on a tier from the future says that a broker is ahead; without one nothing is said', async () => {
    const { parts, broker, write } = await openShop();
    expect(await said(kafkaClock, parts)).toEqual([]);
    await broker.admin.alterTopicConfig('shop.retry.1s', { 'message.timestamp.type': 'CreateTime' });
    await write('shop.retry.1s', 5_000);
    expect(await said(kafkaClock, parts)).toEqual(['ok clock: no record on a tier is from the future']);
    await write('shop.retry.1s', -2_000);
    expect((await said(kafkaClock, parts))[0]).toMatch(/^warning clock: a broker is 2 s ahead of/);
    await write('shop.retry.1s', -20_000);
    expect((await said(kafkaClock, parts))[0]).toMatch(/^problem clock: a broker is 20 s ahead of/);
  });
});
