import { describe, expect, test } from 'vitest';
import { jobLags, tierLags } from '../../../../src/runtime/doctor/group-lag.ts';
import { groupOffsets } from '../../../../src/runtime/doctor/group-offsets.ts';
import { guardedTypes } from '../../../../src/runtime/doctor/guarded-types.ts';
import { NOW_MS, openShop, said } from './bench.ts';

const GROUP = 'shop.job.send-receipt';
const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;

describe('where groups are', () => {
  test('groups that know it are one line', async () => {
    const { parts } = await openShop();
    expect(await said(groupOffsets, parts)).toEqual(['ok offsets: 2 groups know where they are']);
  });

  test('a group without offsets is a problem that says how much waits', async () => {
    const { parts, write } = await openShop();
    await write('shop.events', MINUTE_MS);
    const renamed = { ...parts.app, jobs: parts.app.jobs.map((job) => ({ ...job, type: 'send-bill' })) };
    const [check] = await groupOffsets({ ...parts, app: renamed });
    expect(check).toMatchObject({ verdict: 'problem', name: 'shop.job.send-bill' });
    expect(check?.says).toMatch(/^has no offsets on 2 partitions of shop.events/);
    expect(check?.todo).toBe('`esteira topics apply` starts it from beginning, with 1 record waiting');
  });

  test('a group beyond the end of the log is a problem', async () => {
    const { parts, broker } = await openShop();
    const at = { topic: 'shop.events', partition: 0, offset: 9n, metadata: '' };
    await broker.admin.setCommittedOffsets(GROUP, [at]);
    expect(await said(groupOffsets, parts)).toEqual([
      `problem ${GROUP}: is at 9 of shop.events/0, which ends at 0: the topic was made anew, or lost its end`,
    ]);
  });

  test('a group before the beginning of the log is a problem that counts what is gone', async () => {
    const { parts } = await openShop();
    const admin = {
      ...{ describeTopics: (topics: readonly string[]) => parts.admin.describeTopics(topics) },
      committedOffsets: (groupId: string, topic: string) => parts.admin.committedOffsets(groupId, topic),
      offsetRanges: async (topic: string) =>
        (await parts.admin.offsetRanges(topic)).map((range) => ({ ...range, low: 4n, high: 4n })),
    };
    const merged = Object.assign(Object.create(parts.admin), admin);
    expect((await said(groupOffsets, { ...parts, admin: merged }))[0]).toContain(
      'is at 0 of shop.events/0, which begins at 4: 4 records are gone',
    );
  });
});

describe('what groups have not settled', () => {
  test('nothing that waits is well, also without a worker', async () => {
    const { parts } = await openShop();
    expect(await said(jobLags, parts)).toEqual([`ok ${GROUP}: nothing waits, no worker`]);
  });

  test('what waits for a worker that is there is well', async () => {
    const { parts, write, join } = await openShop();
    await write('shop.events', MINUTE_MS);
    await join(GROUP, ['shop.events']);
    expect(await said(jobLags, parts)).toEqual([`ok ${GROUP}: 1 record waits, the oldest 1 min, 1 worker`]);
  });

  test('what waits for nobody is a warning at first, and a problem after five minutes', async () => {
    const { parts, write } = await openShop();
    await write(GROUP, MINUTE_MS);
    expect(await said(jobLags, parts)).toEqual([
      `warning ${GROUP}: is stuck: 1 record waits, the oldest 1 min, and it has no members`,
    ]);
    await write('shop.events', 6 * MINUTE_MS);
    const [stuck] = await jobLags(parts);
    expect(stuck).toMatchObject({ verdict: 'problem', name: GROUP });
    expect(stuck?.says).toBe('is stuck: 2 records wait, the oldest 6 min, and it has no members');
    expect(stuck?.todo).toContain('esteira start');
  });

  test('a record whose time on its topic is half gone is a problem, whoever works', async () => {
    const { parts, write, join } = await openShop();
    await write('shop.events', 4 * DAY_MS);
    await join(GROUP, ['shop.events']);
    expect((await said(jobLags, parts))[1]).toBe(
      `problem ${GROUP}: has not settled a record of shop.events for 4 d, and the topic keeps records for 7 d: it will be lost`,
    );
  });
});

describe('delays', () => {
  test('nothing overdue is one line', async () => {
    const { parts, write } = await openShop();
    await write('shop.retry.1s', 500);
    expect(await said(tierLags, parts)).toEqual(['ok delays: nothing is overdue on 1 tier']);
  });

  test('a tier that nobody relays is a warning at first, and a problem after five minutes', async () => {
    const { parts, write, broker } = await openShop();
    const later = { ...parts, nowMs: () => NOW_MS + 5 * MINUTE_MS };
    // A tier is on the broker's clock: the record is as old as the test says only on one that is not.
    await broker.admin.alterTopicConfig('shop.retry.1s', { 'message.timestamp.type': 'CreateTime' });
    await write('shop.retry.1s', MINUTE_MS);
    expect(await said(tierLags, parts)).toEqual([
      'warning shop.relay.1s: 1 record, the oldest overdue by 59 s, 0 relays',
    ]);
    expect(await said(tierLags, later)).toEqual([
      'problem shop.relay.1s: 1 record, the oldest overdue by 5 min, 0 relays',
    ]);
  });
});

describe('what dead-letter guards have suspended', () => {
  test('is a problem that says why, since when and how it goes on; without any it is one line', async () => {
    const { parts, broker } = await openShop();
    expect(await said(guardedTypes, parts)).toEqual([
      'ok dead letters: no job type is suspended by its dead-letter guard',
    ]);
    const producer = await broker.createProducer();
    const rule = {
      ...{
        v: 1,
        kind: 'pause',
        target: { what: 'type', jobType: 'send-receipt' },
        guard: { dead: 9, of: 9 },
      },
      ...{ actor: 'dead-letter guard', reason: '9 jobs in a row', atMs: NOW_MS - MINUTE_MS, auditId: 'a' },
    };
    await producer.send({
      ...{ topic: 'shop.control', partition: 0, headers: [], key: Buffer.from('pause/type/send-receipt') },
      value: Buffer.from(JSON.stringify(rule)),
    });
    const [check] = await guardedTypes(parts);
    expect(check).toMatchObject({ verdict: 'problem', name: 'dead letters' });
    expect(check?.says).toMatch(/^job type send-receipt is suspended .* since .*: 9 jobs in a row$/);
    expect(check?.todo).toContain('`esteira resume type send-receipt`');
  });
});
