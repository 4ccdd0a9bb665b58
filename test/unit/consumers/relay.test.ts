import { describe, expect, onTestFinished, test } from 'vitest';
import { createMemoryBroker, MemoryCluster, memoryFaults } from '../../../src/broker/memory/index.ts';
import { StartControl } from '../../../src/consumers/control/start-control.ts';
import { DEFAULT_ENGINE_SETTINGS } from '../../../src/consumers/engine-parts.ts';
import { Relay } from '../../../src/consumers/relay.ts';
import { createTenantResolver } from '../../../src/consumers/tenant-resolver.ts';
import { Controls, NO_CONTROLS } from '../../../src/core/controls.ts';
import { type JobHeaders, withJobHeaders } from '../../../src/core/envelope.ts';
import type { HeaderEntry, RecordHeaders } from '../../../src/core/record.ts';
import { defineApp, knownTenants } from '../../../src/index.ts';
import { applyTopics } from '../../../src/runtime/topics/index.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { only } from '../../support/only.ts';
import { recordingLog } from '../../support/recording-log.ts';
import { waitFor } from '../../support/wait.ts';
import { invoicePaid, onInvoice, textHeaders } from './bench.ts';

const app = defineApp({
  ...{ name: 'bench', events: [invoicePaid], jobs: [onInvoice()], tenants: knownTenants(['acme']) },
  ...{ tiers: ['20ms', '100ms', '1s'], partitions: 1 },
});
const INBOX = 'bench.job.settle';
const job: JobHeaders = { id: 'j-1', type: 'settle', attempt: 2, starts: 1, hop: 1, replayCount: 0 };

/** Lets everything run that needs no time: a forward that was early would be written by then. */
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** A relay of one tier on a clock that stands still. */
const setUp = async (tierMs: number) => {
  const clock = manualClock();
  const log = recordingLog();
  const cluster = new MemoryCluster();
  const broker = createMemoryBroker({ clock, cluster });
  await applyTopics(app, broker.admin, {});
  const producer = await broker.createProducer();
  const fatal: Error[] = [];
  const control = new StartControl();
  const relay = new Relay(
    {
      ...{ app, broker, producer, clock, log, onFatal: (error) => fatal.push(error) },
      ...{ control, tenants: createTenantResolver(app.tenants, clock) },
      settings: { ...DEFAULT_ENGINE_SETTINGS, commitEveryMs: 5 },
    },
    tierMs,
  );
  await relay.start();
  onTestFinished(async () => {
    await relay.stop();
    await broker.close();
  });
  const tier = app.ladderMs.includes(tierMs) ? `bench.retry.${tierMs === 1_000 ? '1s' : `${tierMs}ms`}` : '';
  const read = async (topic: string) => {
    const records: RecordHeaders[] = [];
    for (const { partition, low, high } of await broker.admin.offsetRanges(topic)) {
      await broker.admin.read(
        { topic, partition, from: low, to: high },
        ({ headers }) => records.push(headers) > 0,
      );
    }
    return records;
  };
  return {
    ...{ clock, log, relay, fatal, read, control, faults: memoryFaults(cluster) },
    put: async (headers: RecordHeaders) => {
      const waiting = relay.status().waiting;
      await producer.send({ topic: tier, key: Buffer.from('acme'), value: Buffer.from('v'), headers });
      await waitFor('the relay to take it in', () => relay.status().waiting === waiting + 1);
    },
    committed: async () =>
      (await broker.admin.committedOffsets(`bench.relay.${tier.slice(12)}`, tier))[0]?.offset,
  };
};

const to = (target: string, dueMs: number): RecordHeaders => withJobHeaders([], { ...job, target, dueMs });

describe('a relay', () => {
  test('forwards a record when its tier has been waited out, and not a millisecond before', async () => {
    const { clock, put, read } = await setUp(100);
    await put(to(INBOX, clock.nowMs() + 100));
    clock.advance(99);
    await turns();
    expect(await read(INBOX)).toEqual([]);
    clock.advance(1);
    await waitFor('the record', async () => (await read(INBOX)).length === 1);
  });

  test('waits out its tier also for a record that is due, and holds one that is due a little later', async () => {
    const { clock, put, read } = await setUp(100);
    await put(to(INBOX, clock.nowMs() - 1_000));
    await put(to(INBOX, clock.nowMs() + 110));
    clock.advance(99);
    await turns();
    expect(await read(INBOX)).toEqual([]);
    clock.advance(1);
    await waitFor('the one that is due', async () => (await read(INBOX)).length === 1);
    clock.advance(9);
    await turns();
    expect(await read(INBOX)).toHaveLength(1);
    clock.advance(1);
    await waitFor('the one that was held', async () => (await read(INBOX)).length === 2);
  });

  test('says how late it forwards, and for how long what is due has waited while nothing can be written', async () => {
    const { clock, put, relay, faults, read } = await setUp(100);
    expect(relay.facts()).toMatchObject({ kind: 'relay', tierMs: 100, overdueSinceMs: undefined });
    await put(to(INBOX, clock.nowMs()));
    const dueMs = clock.nowMs() + 100;
    clock.advance(99);
    expect(relay.facts().overdueSinceMs).toBeUndefined();
    faults.holdAcks(INBOX);
    clock.advance(1);
    await turns();
    clock.advance(40_000);
    expect(relay.facts().overdueSinceMs).toBe(dueMs);
    faults.releaseAcks();
    await waitFor('the record', async () => (await read(INBOX)).length === 1);
    await waitFor('it to be settled', () => relay.facts().overdueSinceMs === undefined);
    expect(relay.facts().lateness).toMatchObject({ count: 1, sum: 40 });
  });

  test('does not call late what it holds beyond its tier, until that is due', async () => {
    const { clock, put, relay, faults } = await setUp(100);
    await put(to(INBOX, clock.nowMs() + 110));
    faults.holdAcks(INBOX);
    clock.advance(105);
    await turns();
    expect(relay.facts().overdueSinceMs).toBeUndefined();
    clock.advance(15);
    expect(relay.facts().overdueSinceMs).toBe(clock.nowMs() - 10);
    faults.releaseAcks();
  });

  test('hops what is left to wait to the largest tier that does not overshoot it, with the same headers', async () => {
    const { clock, put, read } = await setUp(100);
    const dueMs = clock.nowMs() + 1_250;
    await put([['x-a', Buffer.from('1')] as HeaderEntry, ...to(INBOX, dueMs)]);
    clock.advance(100);
    const headers = await waitFor('the hop', async () => (await read('bench.retry.1s'))[0]);
    expect(textHeaders(headers)).toMatchObject({
      'x-a': '1',
      'job-due': `${dueMs}`,
      'job-target': INBOX,
      'job-hop': '1',
    });
    expect(await read(INBOX)).toEqual([]);
  });

  test('gives the first copy of a dispatch its place on the tier as origin, so that two forwards are one job', async () => {
    const { clock, put, read } = await setUp(100);
    await put(to(INBOX, clock.nowMs()));
    await put(withJobHeaders([], { ...job, target: INBOX, origin: 'billing.events/0/7' }));
    clock.advance(100);
    await waitFor('both', async () => (await read(INBOX)).length === 2);
    expect((await read(INBOX)).map((headers) => textHeaders(headers)['job-origin'])).toEqual([
      'bench.retry.100ms/0/0',
      'billing.events/0/7',
    ]);
  });

  // It stayed for the rest of its minute.
  test('lets a record that waits because of a pause go on when that is lifted, and not before its time else', async () => {
    const { clock, control, put, read } = await setUp(1_000);
    const said = { v: 1, atMs: 0, actor: 'ana', reason: 'r', auditId: 'a' } as const;
    const target = { what: 'tenant', tenant: 'acme' } as const;
    control.obey(new Controls([{ ...said, kind: 'pause', target }]));
    const aside = (id: string): RecordHeaders =>
      withJobHeaders([['ce_tenantid', Buffer.from('acme')]], {
        ...{ ...job, id, target: INBOX, dueMs: clock.nowMs() + 1_000, isPaused: true },
      });
    await put(aside('j-1'));
    await put([['ce_tenantid', Buffer.from('acme')], ...to(INBOX, clock.nowMs() + 1_000)]);
    clock.advance(500);
    await turns();
    expect(await read(INBOX)).toEqual([]);
    control.obey(NO_CONTROLS);
    const headers = await waitFor('the record', async () => (await read(INBOX))[0]);
    expect(textHeaders(headers)).toMatchObject({ 'job-id': 'j-1' });
    expect(Object.keys(textHeaders(headers))).not.toContain('job-paused');
    expect(Object.keys(textHeaders(headers))).not.toContain('job-due');
    await turns();
    expect(await read(INBOX)).toHaveLength(1);
    clock.advance(500);
    await waitFor('the other, when it is due', async () => (await read(INBOX)).length === 2);
    clock.advance(1_000);
    await turns();
    expect(await read(INBOX)).toHaveLength(2);
  });

  // The lane of a type that has lanes no more still exists, and nobody reads it.
  test.each(['bench.job.settle.high', 'bench.job.settle.tenant.acme'])(
    'takes what was for %s, which its job type has no more, to the plain inbox',
    async (target) => {
      const { clock, put, read } = await setUp(100);
      await put(to(target, clock.nowMs()));
      clock.advance(100);
      const headers = await waitFor('the record', async () => (await read(INBOX))[0]);
      expect(textHeaders(headers)['job-target']).toBe(INBOX);
    },
  );

  test.each<[string, RecordHeaders]>([
    ['another app', to('other.job.settle', 0)],
    ['a topic that is no inbox', to('bench.dlq.settle', 0)],
    ['an inbox that does not exist', to('bench.job.nobody', 0)],
    ['no target', withJobHeaders([], job)],
    ['no job at all', []],
  ])(
    'does not forward a record for %s: it is told and set aside as it is, and the tier goes on',
    async (_what, headers) => {
      const { clock, put, read, log, committed, fatal } = await setUp(20);
      await put(headers);
      await put(to(INBOX, 0));
      clock.advance(20);
      await waitFor('the record after it', async () => (await read(INBOX)).length === 1);
      await waitFor('the record itself', async () => (await read('bench.unroutable')).length === 1);
      expect(only(await read('bench.unroutable'))).toEqual(headers);
      expect(only(log.messages('error'))).toContain('cannot be forwarded');
      expect(log.lines.find(({ level }) => level === 'error')?.facts).toMatchObject({
        position: 'bench.retry.20ms/0/0',
      });
      await waitFor('both to be settled', async () => {
        clock.advance(5);
        return (await committed()) === 2n;
      });
      expect(fatal).toEqual([]);
    },
  );
});
