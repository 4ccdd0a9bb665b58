import { appendFileSync } from 'node:fs';
import { InvoicePaid } from '../../examples/condominium/generated/invoice-paid.ts';
import type { Broker, RecordProducer } from '../../src/core/ports/broker.ts';
import type { OutgoingRecord } from '../../src/core/record.ts';
import { completed, defineApp, defineEvent, defineJob, knownTenants } from '../../src/index.ts';
import type { Backend } from '../../src/runtime/backend.ts';

/** Where a process is killed, and what its job does: works, fails once and then works, or fails for good. */
export const CRASH_POINTS = {
  'after the claim': 'ok',
  'in the handler': 'ok',
  'after the effect': 'ok',
  'after the done mark': 'ok',
  'after its follower was written': 'ok',
  'after its telemetry, before the commit': 'ok',
  'after the decision to retry': 'flaky',
  'after the retry was written': 'flaky',
  'after the decision to give up': 'never',
  'after the dead letter was written': 'never',
} as const;

export type CrashPoint = keyof typeof CRASH_POINTS;

export const isCrashPoint = (text: string): text is CrashPoint => Object.hasOwn(CRASH_POINTS, text);

/**
 * The app of one crash: handlers say each start and each effect in a file. `pack` follows `settle`, in a queue of its
 * own, so that the process that dies can leave it to its heir.
 */
export const crashApp = (ns: string, file: string, atHandler: () => void, afterEffect: () => void) => {
  const paid = defineEvent(InvoicePaid, { topic: `${ns}.billing.events`, check: 'none', partitions: 1 });
  const settle = defineJob<InvoicePaid>({
    ...{ type: 'settle', kind: 'reactive', on: paid, order: 'none', lease: '2s', startFrom: 'beginning' },
    retry: { attempts: 2, backoff: '100ms' },
    run: (event, ctx) => {
      appendFileSync(file, `start ${ctx.attempt} ${ctx.fence}\n`);
      atHandler();
      const failures = { ok: 0, flaky: 1 }[event.invoiceId] ?? 9;
      if (ctx.attempt <= failures) throw new Error('made to fail');
      appendFileSync(file, `effect ${ctx.attempt} ${ctx.fence}\n`);
      afterEffect();
    },
  });
  const pack = defineJob<InvoicePaid>({
    ...{ type: 'pack', kind: 'reactive', after: completed(settle), queue: 'packing', order: 'none' },
    ...{ lease: '2s', run: (_event, ctx) => appendFileSync(file, `followed ${ctx.jobId}\n`) },
  });
  const app = defineApp({
    ...{ name: ns, events: [paid], jobs: [settle, pack], tiers: ['100ms'], partitions: 1 },
    queues: { packing: {} },
    tenants: knownTenants(['acme']),
  });
  return { app, paid };
};

/** A backend whose process dies right after a call has taken effect on the other side. */
export const dyingBackend = (backend: Backend, point: CrashPoint, die: () => never): Backend => {
  const after = (at: CrashPoint): void => {
    if (at === point) die();
  };
  return { ...backend, broker: dyingBroker(backend.broker, after), state: dyingState(backend.state, after) };
};

const dyingState = (state: Backend['state'], after: (at: CrashPoint) => void): Backend['state'] => ({
  ...state,
  claim: async (requests) => {
    const answers = await state.claim(requests);
    if (answers.some(({ kind }) => kind === 'run')) after('after the claim');
    return answers;
  },
  renew: (requests) => state.renew(requests),
  complete: async (requests) => {
    const answers = await state.complete(requests);
    after('after the done mark');
    return answers;
  },
  told: async (claims) => {
    await state.told(claims);
    after('after its telemetry, before the commit');
  },
  decide: async (requests) => {
    const answers = await state.decide(requests);
    const dead = requests.some(({ decision }) => decision.toString().includes('"kind":"dead"'));
    after(dead ? 'after the decision to give up' : 'after the decision to retry');
    return answers;
  },
  settled: (requests) => state.settled(requests),
  release: (requests) => state.release(requests),
  verify: () => state.verify(),
  close: () => state.close(),
});

const dyingBroker = (broker: Broker, after: (at: CrashPoint) => void): Broker => ({
  createConsumer: (options) => broker.createConsumer(options),
  admin: broker.admin,
  close: () => broker.close(),
  createProducer: async (options): Promise<RecordProducer> => {
    const producer = await broker.createProducer(options);
    return {
      send: async (record: OutgoingRecord, sendOptions) => {
        const position = await producer.send(record, sendOptions);
        if (record.topic.includes('.retry.')) after('after the retry was written');
        if (record.topic.includes('.dlq.')) after('after the dead letter was written');
        if (record.topic.endsWith('.job.pack')) after('after its follower was written');
        return position;
      },
      post: (record, done) =>
        producer.post(record, (error, position) => {
          if (error === undefined && record.topic.includes('.retry.')) after('after the retry was written');
          if (error === undefined && record.topic.includes('.dlq.'))
            after('after the dead letter was written');
          done(error, position);
        }),
      flush: () => producer.flush(),
      close: (timeoutMs) => producer.close(timeoutMs),
    };
  },
});
