import type { InvoicePaid } from '../../../examples/condominium/generated/invoice-paid.ts';
import { followerIdOf, jobIdOf } from '../../../src/core/ids.ts';
import { completed, defineJob, type JobContext, type JobOptions } from '../../../src/index.ts';
import { onInvoice } from './bench.ts';

/** The inbox of `pack`. */
export const PACK = 'bench.job.pack';
/** The job type `pack`, which follows `settle`, and what it was given. */
export const packing = (
  parent: ReturnType<typeof onInvoice>,
  changes: Partial<JobOptions<InvoicePaid>> = {},
) => {
  const packed: { readonly id: string; readonly ctx: JobContext }[] = [];
  const pack = defineJob<InvoicePaid>({
    ...{ type: 'pack', kind: 'reactive', after: completed(parent), order: 'none', lanes: false },
    ...{ lease: '300ms', retry: { attempts: 2, backoff: '20ms' } },
    run: ({ paymentId }, ctx) => void packed.push({ id: paymentId, ctx }),
    ...changes,
  });
  return { pack, packed, ids: () => packed.map(({ id }) => id) };
};

/** A settling job that says what it settled. */
export const settling = (changes: Partial<JobOptions<InvoicePaid>> = {}) => {
  const settled: string[] = [];
  const settle = onInvoice({
    idempotencyKey: ({ paymentId }) => paymentId,
    run: ({ paymentId }) => void settled.push(paymentId),
    ...changes,
  });
  return { settle, settled };
};

/** The id of the `pack` that follows the `settle` of an event. */
export const packIdOf = (eventId: string) =>
  followerIdOf('bench', 'pack', jobIdOf('bench', 'settle', 'bench', eventId));
