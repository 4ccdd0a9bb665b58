import { describe, expect, it } from 'vitest';
import { defineJob, trigger } from '../../../src/core/job.ts';
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
  ])('with %s is refused, naming the job and the option', (_what, changes, message) => {
    expect(() => defineJob(plain(unchecked(changes)))).toThrow(invalid(message));
  });
});
