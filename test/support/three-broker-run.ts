import { InvoicePaid } from '../../examples/condominium/generated/invoice-paid.ts';
import { defineApp, defineEvent, defineJob, isEsteiraError, knownTenants } from '../../src/index.ts';
import type { BrokerProcess, Stack } from '../../stack/index.ts';
import { invoice } from './invoices.ts';
import { Ledger } from './ledger.ts';
import { moveLeaders } from './move-leaders.ts';
import { freshName, type Scenario, startScenario } from './scenario.ts';
import { pause } from './wait.ts';

/** What a run on three failing brokers came to. */
export interface ThreeBrokerCounts {
  readonly acknowledged: number;
  readonly unknown: number;
  readonly acknowledgedNotInLog: number;
  readonly inLogTwice: number;
  readonly withoutEffect: number;
  readonly secondEffects: number;
  readonly dead: number;
  readonly faults: readonly string[];
}

const TENANTS = Array.from({ length: 24 }, (_, index) => `tenant-${index}`);

const makeApp = (ns: string, ledger: Ledger) => {
  const paid = defineEvent(InvoicePaid, { topic: `${ns}.billing.events`, check: 'none', partitions: 12 });
  const job = defineJob<InvoicePaid>({
    ...{ type: 'settle', kind: 'reactive', on: paid, order: 'none', lease: '10s', startFrom: 'beginning' },
    retry: { attempts: 3, backoff: '100ms' },
    idempotencyKey: (event) => event.paymentId,
    run: async (event, ctx) => {
      await pause(2);
      if (event.amountCents % 11 === 0 && ctx.attempt === 1) throw new Error('first attempt');
      ledger.write(event.paymentId, ctx.fence, ctx.jobId);
    },
  });
  const app = defineApp({
    ...{ name: ns, events: [paid], jobs: [job], tiers: ['100ms', '300ms'], partitions: 6 },
    tenants: knownTenants(TENANTS),
  });
  return { app, paid };
};

/** Kills one broker, moves leaders, freezes another: in turn, with time to heal between, until the time is up. */
const breakBrokers = async (stack: Stack, topic: string, untilMs: number): Promise<readonly string[]> => {
  const told: string[] = [];
  for (let round = 0; Date.now() < untilMs; round += 1) {
    const victim: BrokerProcess | undefined =
      stack.brokers[(round + Math.floor(round / 3)) % stack.brokers.length];
    if (victim === undefined) break;
    const fault = ['kill', 'move', 'freeze'][round % 3] ?? 'kill';
    told.push(`${fault} ${victim.name}`);
    if (fault === 'kill') {
      await victim.kill();
      await pause(4_000);
      await victim.start();
    } else if (fault === 'freeze') {
      victim.freeze();
      await pause(5_000);
      victim.thaw();
    } else {
      await moveLeaders(stack, topic);
    }
    await pause(3_000);
  }
  return told;
};

/** Publishes one event every few ms until the time is up; answers the ids that were acknowledged and those unknown. */
const publishUntil = async (
  scenario: Scenario,
  paid: ReturnType<typeof makeApp>['paid'],
  untilMs: number,
) => {
  const acknowledged: string[] = [];
  const unknown: string[] = [];
  const open: Promise<void>[] = [];
  for (let index = 0; Date.now() < untilMs; index += 1) {
    const id = `p${index}`;
    const tenant = TENANTS[index % TENANTS.length] ?? '';
    const sent = scenario.esteira
      .publish(paid, invoice(id, { amountCents: index + 1 }), { tenant, id, deadlineMs: 20_000 })
      .then(
        () => void acknowledged.push(id),
        (error: unknown) => {
          if (
            !isEsteiraError(error, 'ESTEIRA_PUBLISH_UNKNOWN') &&
            !isEsteiraError(error, 'ESTEIRA_BUFFER_FULL')
          )
            throw error;
          unknown.push(id);
        },
      );
    open.push(sent);
    await pause(5);
  }
  await Promise.all(open);
  return { acknowledged, unknown };
};

/** Publishes and works for `forMs` while brokers fail one after the other, then counts. */
export const runOnFailingBrokers = async (stack: Stack, forMs: number): Promise<ThreeBrokerCounts> => {
  const ledger = new Ledger();
  const ns = freshName('brokers');
  const { app, paid } = makeApp(ns, ledger);
  const scenario = await startScenario(app, {
    environment: { ...stack.env, LOG_LEVEL: 'silent', WORKER_SHUTDOWN_GRACE_SECONDS: '5' },
    onFatal: (error) => {
      throw error;
    },
  });
  try {
    const untilMs = Date.now() + forMs;
    const breaking = breakBrokers(stack, paid.topic, untilMs);
    const { acknowledged, unknown } = await publishUntil(scenario, paid, untilMs);
    const faults = await breaking;
    await scenario.esteira.idle({ timeoutMs: 180_000 });
    const inLog = new Map<string, number>();
    for (const { headers } of await scenario.records(paid.topic)) {
      const id = headers.find(([name]) => name === 'ce_id')?.[1]?.toString() ?? '';
      inLog.set(id, (inLog.get(id) ?? 0) + 1);
    }
    return {
      acknowledged: acknowledged.length,
      unknown: unknown.length,
      acknowledgedNotInLog: acknowledged.filter((id) => !inLog.has(id)).length,
      inLogTwice: [...inLog.values()].filter((count) => count > 1).length,
      withoutEffect: [...inLog.keys()].filter((id) => !ledger.byKey.has(id)).length,
      secondEffects: ledger.effects.length - ledger.byKey.size,
      dead: scenario.told.filter(({ type }) => type === 'job.sent_to_dlq').length,
      faults,
    };
  } finally {
    await scenario.close();
  }
};
