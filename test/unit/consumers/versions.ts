import { z } from 'zod';
import { InvoicePaid } from '../../../examples/condominium/generated/invoice-paid.ts';
import { parseEnvelope } from '../../../src/core/envelope.ts';
import { defineEvent, type JobOptions } from '../../../src/index.ts';
import { invoice } from '../../support/invoices.ts';
import { latch, waitFor } from '../../support/wait.ts';
import { onInvoice, openBench } from './bench.ts';
import { faultyState } from './faulty-state.ts';

const GROUP = 'bench.job.settle';
export const TOPIC = 'billing.events';
export const DLQ = 'bench.dlq.settle';
const ENDS = ['job.completed', 'job.cancelled', 'job.sent_to_dlq'];

/** One job type whose jobs run until they are let go; `world` is what a worker of another version knows. */
export const openVersions = (changes: Partial<JobOptions<InvoicePaid>> = {}) => {
  const world = { takesIt: true, knowsTenant: true, losesSettled: false };
  const event = defineEvent(InvoicePaid, {
    ...{ topic: TOPIC, partitions: 1 },
    check: z.object({ amountCents: z.number() }).refine(() => world.takesIt),
  });
  const go = latch();
  const ran: string[] = [];
  const run = async ({ paymentId }: InvoicePaid): Promise<void> => {
    ran.push(paymentId);
    await go.opened;
  };
  const state = faultyState();
  const bench = openBench([onInvoice({ on: event, lease: '2s', run, ...changes })], {
    events: [event],
    tenants: { resolve: async (id) => (world.knowsTenant ? { id } : undefined) },
    state: (store) => {
      const wrapped = state.wrap(store);
      const settled: typeof store.settled = (requests) =>
        world.losesSettled ? new Promise(() => undefined) : wrapped.settled(requests);
      const dead: typeof store.order.dead = (requests) =>
        world.losesSettled ? new Promise(() => undefined) : wrapped.order.dead(requests);
      return { ...wrapped, settled, order: { ...wrapped.order, dead } };
    },
  });
  const good = () => bench.backend.serde.encode(InvoicePaid, invoice('p1'));
  const broken = async () => (await good()).subarray(0, 9);
  const headersOf = (given: Readonly<Record<string, string>>) =>
    Object.entries(given).map(([name, text]) => [name, Buffer.from(text)] as const);
  const names = { ce_id: 'e-1', ce_source: 'billing', ce_type: event.type, ce_tenantid: 'acme' };
  return {
    ...{ ...bench, world, ran, go, good, broken },
    asked: () => state.faults.calls.filter(({ name }) => name === 'claim').length,
    publish: (value: Buffer, more = {}) => bench.write(TOPIC, value, headersOf({ ...names, ...more })),
    /** Writes a copy of the job as a replay does. */
    replay: (value: Buffer, jobId: string, more = {}) =>
      bench.write(
        'bench.job.settle',
        value,
        headersOf({
          ...{ ...names, 'job-id': jobId, 'job-type': 'settle', 'job-attempt': '1', 'job-starts': '0' },
          ...{
            'job-hop': '2',
            'job-origin': `${TOPIC}/0/0`,
            'job-replay-id': 'r-1',
            'job-replay-count': '1',
          },
          ...more,
        }),
      ),
    /** All records of the event topic come again, to a process that starts after. */
    deliverAgain: () =>
      bench.backend.broker.admin.setCommittedOffsets(GROUP, [
        { topic: TOPIC, partition: 0, offset: 0n, metadata: '' },
      ]),
    /** What is under way is handed over once more, beside itself. */
    handOverAgain: async () => {
      bench.faults.rebalance(GROUP, { newMembers: true });
      await waitFor('the group to settle', () => !bench.cluster.group(GROUP).rebalancing);
    },
    /** The ends that were told, each once. */
    ends: () => [
      ...new Map(
        bench.told.filter(({ type }) => ENDS.includes(type)).map(({ eventId, type }) => [eventId, type]),
      ).values(),
    ],
    letters: async () => (await bench.read(DLQ)).map(({ headers }) => parseEnvelope(headers, true).job),
  };
};
