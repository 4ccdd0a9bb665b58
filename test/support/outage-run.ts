import { InvoicePaid } from '../../examples/condominium/generated/invoice-paid.ts';
import { defineApp, defineEvent, defineJob, knownTenants } from '../../src/index.ts';
import type { Stack } from '../../stack/index.ts';
import { invoice } from './invoices.ts';
import { Ledger } from './ledger.ts';
import { freshName, type Scenario, startScenario } from './scenario.ts';
import { pause, waitFor } from './wait.ts';

/** What a run with an outage in its middle came to. */
export interface OutageCounts {
  readonly published: number;
  readonly completed: number;
  readonly dead: number;
  readonly withoutEffect: number;
  readonly secondEffects: number;
  /** Jobs that ended between the outage's end and 15 s later: work goes on by itself. */
  readonly goesOn: boolean;
}

export interface OutageOptions {
  readonly events: number;
  readonly concurrency: number;
  readonly downMs: number;
  /** Makes the outage; what it answers ends it. */
  readonly breakIt: () => Promise<() => Promise<void>>;
}

const EVERY_MS = 10;

/** The app of the run: a handler that works 20 ms, every seventh of which fails once. */
const outageApp = (ns: string, ledger: Ledger) => {
  const paid = defineEvent(InvoicePaid, { topic: `${ns}.billing.events`, check: 'none', partitions: 4 });
  const job = defineJob<InvoicePaid>({
    ...{ type: 'settle', kind: 'reactive', on: paid, order: 'none', lease: '3s', startFrom: 'beginning' },
    retry: { attempts: 3, backoff: '100ms' },
    idempotencyKey: (event) => event.paymentId,
    run: async (event, ctx) => {
      await pause(20);
      if (event.amountCents % 7 === 0 && ctx.attempt === 1) throw new Error('first attempt');
      ledger.write(event.paymentId, ctx.fence, ctx.jobId);
    },
  });
  const app = defineApp({
    ...{ name: ns, events: [paid], jobs: [job], tiers: ['100ms', '300ms'], partitions: 4 },
    tenants: knownTenants(['acme', 'globex']),
  });
  return { app, paid };
};

const publishRange = async (
  scenario: Scenario,
  paid: ReturnType<typeof outageApp>['paid'],
  from: number,
  to: number,
) => {
  const sends: Promise<unknown>[] = [];
  for (let index = from; index < to; index += 1) {
    const tenant = index % 3 === 0 ? 'globex' : 'acme';
    sends.push(scenario.esteira.publish(paid, invoice(`p${index}`, { amountCents: index + 1 }), { tenant }));
    await pause(EVERY_MS);
  }
  await Promise.all(sends);
};

/** Publishes steadily, breaks something in the middle, mends it, and counts what became of every event. */
export const runThroughOutage = async (stack: Stack, options: OutageOptions): Promise<OutageCounts> => {
  const ledger = new Ledger();
  const { app, paid } = outageApp(freshName('outage'), ledger);
  const environment = {
    ...stack.env,
    LOG_LEVEL: 'silent',
    WORKER_MAX_CONCURRENT_JOBS: String(options.concurrency),
    WORKER_SHUTDOWN_GRACE_SECONDS: '5',
  };
  const scenario = await startScenario(app, { environment });
  try {
    // The last tenth comes after the outage: where work goes on during it, there is still something to go on with.
    const lastTenth = Math.floor(options.events * 0.9);
    const publishing = publishRange(scenario, paid, 0, lastTenth);
    await waitFor('a quarter of the jobs', () => ledger.effects.length > options.events / 4, {
      timeoutMs: 60_000,
    });
    const mend = await options.breakIt();
    await pause(options.downMs);
    const before = ledger.effects.length;
    await mend();
    await publishing;
    const publishingLast = publishRange(scenario, paid, lastTenth, options.events);
    const goesOn = await waitFor('work to go on', () => ledger.effects.length > before, {
      timeoutMs: 15_000,
    });
    await publishingLast;
    await scenario.esteira.idle({ timeoutMs: 120_000 });
    const ended = new Set(scenario.toldOf('job.completed').map(({ jobId }) => jobId));
    return {
      published: options.events,
      completed: ended.size,
      dead: scenario.toldOf('job.sent_to_dlq').length,
      withoutEffect: options.events - ledger.byKey.size,
      secondEffects: ledger.effects.length - ledger.byKey.size,
      goesOn,
    };
  } finally {
    await scenario.close();
  }
};
