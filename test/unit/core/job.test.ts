import { describe, expect, it } from 'vitest';
import { defineJob, type JobContext } from '../../../src/core/job.ts';
import { trigger } from '../../../src/core/trigger.ts';
import { paid, plain, unchecked } from './definitions.ts';

const invalid = (message: RegExp) =>
  expect.objectContaining({
    code: 'ESTEIRA_DEFINITION_INVALID',
    message: expect.stringMatching(message),
  });

describe('a job type with nothing said', () => {
  const job = defineJob(plain());

  it('has the defaults of the documents', () => {
    expect(job).toMatchObject({
      type: 'send-receipt',
      queue: 'default',
      ordered: false,
      retry: { attempts: 3, delaysMs: [60_000, 300_000] },
      maxStarts: 8,
      doneTtlMs: 8 * 86_400_000,
      leaseMs: 30_000,
      startFrom: 'now',
      className: 'SendReceiptJob',
      triggers: [],
    });
  });

  it('leaves what it does not say to the process', () => {
    expect(Object.keys(job)).not.toEqual(expect.arrayContaining(['attemptTimeoutMs']));
    expect([job.attemptTimeoutMs, job.concurrency, job.payload]).toEqual([undefined, undefined, undefined]);
    expect([job.orderingKey({}), job.idempotencyKey({})]).toEqual([undefined, undefined]);
  });
});

describe('a job type', () => {
  it('keeps the order of the record key, or of a key of its payload', () => {
    const byKey = defineJob<string>(plain({ order: 'key' }));
    const byPayload = defineJob<string>(plain({ order: (payload) => `order-${payload}` }));
    expect([byKey.ordered, byKey.orderingKey('a')]).toEqual([true, undefined]);
    expect([byPayload.ordered, byPayload.orderingKey('a')]).toEqual([true, 'order-a']);
  });

  it('allows five starts beyond its attempts for processes that die', () => {
    expect(defineJob(plain({ retry: { attempts: 4 } })).maxStarts).toBe(9);
    expect(defineJob(plain({ retry: { attempts: 4 }, maxStarts: 4 })).maxStarts).toBe(4);
  });

  it('takes an event, a trigger, or a list of both', () => {
    const later = trigger(paid, { delay: '5m', priority: 1 });
    expect(defineJob(plain({ on: paid })).triggers).toMatchObject([
      { delayMs: 0, priority: 5, mapped: false },
    ]);
    expect(defineJob(plain({ on: [later, paid] })).triggers).toMatchObject([
      { delayMs: 300_000, priority: 1 },
      { delayMs: 0, priority: 5 },
    ]);
  });

  it('keeps the name other documents use for it', () => {
    expect(defineJob(plain({ className: 'ProcessScheduledPostJob' })).className).toBe(
      'ProcessScheduledPostJob',
    );
    expect(defineJob(plain({ type: 'b2b-sync' })).className).toBe('B2bSyncJob');
  });
});

describe('a trigger', () => {
  it('without map and condition hands on every event as it is', () => {
    const event = { amount: 1 };
    const one = trigger(paid);
    expect([one.mapped, one.map(event), one.when(event)]).toEqual([false, event, true]);
  });

  it('maps and chooses as it is told', () => {
    const one = trigger(paid, { map: ({ amount }) => amount * 2, when: ({ amount }) => amount > 1 });
    expect([one.mapped, one.map({ amount: 2 })]).toEqual([true, 4]);
    expect([one.when({ amount: 1 }), one.when({ amount: 2 })]).toEqual([false, true]);
  });

  it.each([
    [{ priority: 0 }, /^trigger on shop\.Paid: priority is 0: give a whole number from 1 \(first\) to 10$/],
    [{ priority: 11 }, /priority is 11/],
    [{ priority: 1.5 }, /priority is 1\.5/],
    [{ delay: -1 }, /^trigger on shop\.Paid: delay is -1/],
  ])('with %j is refused, naming event and option', (options, message) => {
    expect(() => trigger(paid, options)).toThrow(invalid(message));
  });
});

describe('a job type that cannot work', () => {
  it.each([
    ['a type in capitals', { type: 'SendReceipt' }, /^job type "SendReceipt" is not kebab-case .*className/],
    ['no type', { type: '' }, /^job type "" is not kebab-case/],
    ['no order', { order: undefined }, /^job send-receipt: order is undefined: say 'none', 'key'/],
    ['an unknown order', { order: 'fifo' }, /^job send-receipt: order is "fifo"/],
    ['no attempts', { retry: { attempts: 0 } }, /^job send-receipt: retry\.attempts is 0/],
    ['a wait that is none', { retry: { backoff: 'soon' } }, /^job send-receipt: retry\.backoff is "soon"/],
    ['no starts', { maxStarts: 0 }, /^job send-receipt: maxStarts is 0/],
    ['half a job at once', { concurrency: 0.5 }, /^job send-receipt: concurrency is 0\.5/],
    ['a done mark of no time', { doneTtl: '1 week' }, /^job send-receipt: doneTtl is "1 week"/],
    // A lease of 0 was renewed without a pause, and a time-out of 0 failed every attempt before it began.
    ['a lease of 0', { lease: '0s' }, /^job send-receipt: lease is 0: give a time that lasts/],
    ['a time-out of 0', { attemptTimeout: 0 }, /^job send-receipt: attemptTimeout is 0/],
    ['a memory of 0', { doneTtl: 0 }, /^job send-receipt: doneTtl is 0/],
    ['a heartbeat of 0', { heartbeat: 0 }, /^job send-receipt: heartbeat is 0/],
    ['an age of 0', { maxAge: 0 }, /^job send-receipt: maxAge is 0/],
    ['a queue time-out that is none', { queueTimeout: 'soon' }, /^job send-receipt: queueTimeout is "soon"/],
    ['a hold that is none', { holdFor: -1 }, /^job send-receipt: holdFor is -1/],
    ['no time before it detaches', { detachAfter: 0 }, /^job send-receipt: detachAfter is 0/],
    ['a lock of no time', { lock: { key: 'k', ttl: 0 } }, /^job send-receipt: lock\.ttl is 0/],
    ['an unknown word after a dead letter', { afterDead: 'stop' }, /^job send-receipt: afterDead is "stop"/],
    // What contradicts itself.
    [
      'a lease shorter than its heartbeat',
      { lease: '5s', heartbeat: '10s' },
      /lease is 5s, shorter than two heartbeats of 10s/,
    ],
    [
      'a lock shorter than its heartbeat',
      { lock: { key: 'k', ttl: '1s' } },
      /lock\.ttl is 1s, shorter than two heartbeats of 10s/,
    ],
    [
      'an attempt longer than its lease can be renewed',
      { attemptTimeout: '8d' },
      /attemptTimeout is 8d, but a lease can be renewed for 7d at most/,
    ],
    [
      'a wait longer than its tier keeps records',
      { retry: { attempts: 2, backoff: '366d' } },
      /a wait of retry\.backoff is 366d, longer than the 365d that a tier keeps/,
    ],
    [
      'a trigger later than its tier keeps records',
      { on: trigger(paid, { delay: '400d' }) },
      /the delay of its trigger on shop\.Paid is 400d, longer/,
    ],
    [
      'a trigger later than its age',
      { maxAge: '1h', on: trigger(paid, { delay: '1h' }) },
      /maxAge is 1h, but its trigger on shop\.Paid waits 1h/,
    ],
    ['a time to hold for, and no order', { holdFor: '1s' }, /holdFor is given, but order is "none"/],
    ['followers to hold, and no order', { afterDead: 'hold' }, /afterDead is "hold", but order is "none"/],
  ])('with %s says so, naming the job and the option', (_what, changes, message) => {
    expect(defineJob(plain(unchecked(changes))).problems).toEqual([expect.stringMatching(message)]);
  });

  it('says all that is wrong with it at once', () => {
    const wrong = { order: undefined, lease: 0, heartbeat: '40s', concurrency: 0, retry: { attempts: 0 } };
    expect(defineJob(plain(unchecked(wrong))).problems).toEqual([
      expect.stringContaining('order is undefined'),
      expect.stringContaining('retry.attempts is 0'),
      expect.stringContaining('lease is 0'),
      expect.stringContaining('concurrency is 0'),
      expect.stringContaining('shorter than two heartbeats of 40s'),
    ]);
  });

  it('is not one that has more waits than it needs', () => {
    const surplus = { retry: { attempts: 2, backoff: ['1s', '5m', '900d'] } } as const;
    expect(defineJob(plain(surplus)).problems).toEqual([]);
  });
});

describe('the policy of a job type', () => {
  it('has the defaults of the documents', () => {
    const job = defineJob(plain());
    expect(job).toMatchObject({
      ...{
        heartbeatMs: 10_000,
        holdForMs: 2_000,
        afterDead: 'continue',
        detachAfterMs: 60_000,
        problems: [],
      },
    });
    expect([job.maxAgeMs, job.queueTimeoutMs, job.lock, job.shouldRun]).toEqual([
      ...[undefined, undefined, undefined, undefined],
    ]);
  });

  it('is what the options say', () => {
    const times = {
      lease: '60s',
      heartbeat: '5s',
      maxAge: '1d',
      queueTimeout: 0,
      holdFor: 0,
      detachAfter: '1h',
    } as const;
    expect(defineJob(plain({ ...times, order: 'key', afterDead: 'hold' }))).toMatchObject({
      ...{ leaseMs: 60_000, heartbeatMs: 5_000, maxAgeMs: 86_400_000, queueTimeoutMs: 0, holdForMs: 0 },
      ...{ detachAfterMs: 3_600_000, afterDead: 'hold', problems: [] },
    });
  });

  it('locks a name, or what it makes of the payload, for as long as its lease or as it says', () => {
    const named = defineJob(plain({ lock: { key: 'sync' } })).lock;
    const made = defineJob<string>(plain({ lock: { key: (payload) => `sync-${payload}`, ttl: '90s' } })).lock;
    expect([named?.ttlMs, named?.key('x')]).toEqual([30_000, 'sync']);
    expect([made?.ttlMs, made?.key('bank')]).toEqual([90_000, 'sync-bank']);
  });

  it('asks whether the job still makes sense', async () => {
    const job = defineJob<number>(plain({ shouldRun: async (payload) => payload > 1 }));
    const ctx = {} as JobContext;
    expect([await job.shouldRun?.(1, ctx), await job.shouldRun?.(2, ctx)]).toEqual([false, true]);
  });
});
