import { z } from 'zod';
import { InvoicePaid } from '../../examples/condominium/generated/invoice-paid.ts';
import { defineApp, defineEvent, defineJob, type JobContext, knownTenants } from '../../src/index.ts';

export const BILLED_TENANTS = ['acme', 'globex', 'initech'] as const;

/** Millionths of a real; prices of the app below, in which a ledger adds up by itself. */
export const MICROS = { attempt: 10_000, token: 2 } as const;

/** One run of a handler, as the handler itself has noted it. */
export interface LedgerRun {
  readonly jobType: string;
  readonly tenant: string;
  readonly jobId: string;
  readonly executionId: string;
  readonly tokens: number;
  readonly fails: boolean;
}

/** An app whose attempts cost something: some fail once, some until they are dead. */
export const billedApp = (ns: string, ledger: LedgerRun[]) => {
  const paid = defineEvent(InvoicePaid, { topic: `${ns}.billing.events`, check: 'none', partitions: 3 });
  const cost = { currency: 'BRL', perAttempt: 0.01, per: { token: 0.000_002 } };
  const run = (ctx: JobContext, tokens: number, fails: boolean): void => {
    const { jobType, tenant, jobId, executionId } = ctx;
    ctx.addCost('token', tokens);
    ledger.push({ jobType, tenant, jobId, executionId, tokens, fails });
    if (fails) throw new Error('made to fail');
  };
  const settle = defineJob<InvoicePaid>({
    ...{ type: 'settle', kind: 'reactive', on: paid, order: 'none', startFrom: 'beginning', cost },
    ...{ retry: { attempts: 2, backoff: '100ms' } },
    dimensions: ({ currency }) => ({ marketplace: 'meli', region: currency }),
    run: ({ paymentId, amountCents }, ctx) =>
      run(
        ctx,
        amountCents,
        paymentId.startsWith('dead') || (paymentId.startsWith('flaky') && ctx.attempt === 1),
      ),
  });
  const report = defineJob({
    ...{ type: 'report', kind: 'system', order: 'none', startFrom: 'beginning', cost },
    payload: z.object({ pages: z.number() }),
    run: ({ pages }, ctx) => run(ctx, pages * 100, false),
  });
  const app = defineApp({
    ...{ name: ns, events: [paid], jobs: [settle, report], tenants: knownTenants(BILLED_TENANTS) },
    ...{ tiers: ['100ms'], partitions: 3 },
  });
  return { app, paid, report };
};

/** What a reader of telemetry adds up; numbers by what they are of. */
export interface Totals {
  readonly byType: Numbers;
  readonly byTenant: Readonly<Record<string, Numbers>>;
  readonly byJobType: Readonly<Record<string, Numbers>>;
  /** By tenant. */
  readonly costMicros: Numbers;
  /** By tenant. */
  readonly tokens: Numbers;
  readonly jobs: number;
  readonly runs: number;
}

type Numbers = Readonly<Record<string, number>>;

/** One event that must have been told. */
export interface Due {
  readonly type: string;
  readonly tenant: string;
  readonly jobType: string;
}

/** The sums of `amount`, 1 where it is left out, by what `keyOf` gives. */
export const tally = <T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  amount: (item: T) => number = () => 1,
): Numbers => {
  const sums: Record<string, number> = {};
  for (const item of items) sums[keyOf(item)] = (sums[keyOf(item)] ?? 0) + amount(item);
  return sums;
};

const tallyEach = (due: readonly Due[], by: 'tenant' | 'jobType'): Readonly<Record<string, Numbers>> =>
  Object.fromEntries(
    [...new Set(due.map((one) => one[by]))].map((name) => [
      name,
      tally(
        due.filter((one) => one[by] === name),
        ({ type }) => type,
      ),
    ]),
  );

/** What must have been told of a job, by its runs. */
const dueOfJob = (runs: readonly LedgerRun[]): readonly string[] => {
  const failed = runs.filter(({ fails }) => fails).length;
  const isDead = failed === runs.length;
  return [
    ...runs.flatMap(({ fails }) => ['job.started', fails ? 'job.failed' : 'job.completed']),
    ...Array.from({ length: isDead ? failed - 1 : failed }, () => 'job.retried'),
    ...(isDead ? ['job.sent_to_dlq'] : []),
    ...(runs[0]?.jobType === 'report' ? ['job.dispatched'] : []),
  ];
};

/** The totals that follow from what the handlers have noted, and from what was published twice. */
export const ledgerTotals = (ledger: readonly LedgerRun[], skipped: readonly Due[]): Totals => {
  const jobs = new Map<string, LedgerRun[]>();
  for (const run of ledger) jobs.set(run.jobId, [...(jobs.get(run.jobId) ?? []), run]);
  const due = [...jobs.values()].flatMap((runs) =>
    dueOfJob(runs).map((type) => ({ type, tenant: runs[0]?.tenant ?? '', jobType: runs[0]?.jobType ?? '' })),
  );
  const all = [...due, ...skipped];
  return {
    byType: tally(all, ({ type }) => type),
    byTenant: tallyEach(all, 'tenant'),
    byJobType: tallyEach(all, 'jobType'),
    costMicros: tally(
      ledger,
      ({ tenant }) => tenant,
      ({ tokens }) => MICROS.attempt + MICROS.token * tokens,
    ),
    tokens: tally(
      ledger,
      ({ tenant }) => tenant,
      ({ tokens }) => tokens,
    ),
    jobs: jobs.size,
    runs: ledger.length,
  };
};
