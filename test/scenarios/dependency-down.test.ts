import { expect, type TestContext, test } from 'vitest';
import { InvoicePaid } from '../../examples/condominium/generated/invoice-paid.ts';
import {
  defineApp,
  defineEvent,
  defineJob,
  JobEvent,
  type JobOptions,
  knownTenants,
} from '../../src/index.ts';
import { type ClosedPort, closedPort } from '../support/closed-port.ts';
import { invoice } from '../support/invoices.ts';
import { freshName, readTopic, type Scenario, startScenario } from '../support/scenario.ts';
import { waitFor } from '../support/wait.ts';

const EACH = 10;
const TENANTS = ['acme', 'globex', 'initech', 'umbrella'];

interface Run {
  readonly tenant: string;
  readonly attempt: number;
}

interface Given {
  readonly order: 'none' | 'key';
  /** Whose sink is behind the port; the others have none. */
  readonly needs: readonly string[];
  readonly pauseMs: number;
  readonly job?: Partial<JobOptions<InvoicePaid>>;
}

/** An app on the real services whose sink is behind a port that is closed. */
const startWithClosedPort = async (
  { onTestFinished }: TestContext,
  { order, needs, pauseMs, job: changes }: Given,
) => {
  const ns = freshName('down');
  const port: ClosedPort = await closedPort();
  const runs: Run[] = [];
  const paid = defineEvent(InvoicePaid, { topic: `${ns}.billing.events`, check: 'none', partitions: 1 });
  const job = defineJob<InvoicePaid>({
    ...{ type: 'settle', kind: 'reactive', on: paid, order, startFrom: 'beginning', lease: '3s' },
    retry: { attempts: 2, backoff: '100ms' },
    run: async (_event, ctx) => {
      runs.push({ tenant: ctx.tenant, attempt: ctx.attempt });
      if (needs.includes(ctx.tenant)) await port.call();
    },
    ...changes,
  });
  const app = defineApp({
    ...{ name: ns, events: [paid], jobs: [job], tiers: ['1s', '2s'], partitions: 1 },
    tenants: knownTenants(TENANTS),
  });
  const scenario = await startScenario(app, { engine: { suspension: { firstPauseMs: pauseMs } } });
  onTestFinished(async () => {
    await scenario.close();
    await port.close();
  });
  const publish = async (tenants: readonly string[], from = 0): Promise<void> => {
    for (let number = from; number < from + EACH; number += 1) {
      for (const tenant of tenants)
        await scenario.esteira.publish(paid, invoice(`${tenant}-${number}`), { tenant });
    }
  };
  return { ns, port, runs, scenario, publish };
};

const completedOf = ({ toldOf }: Scenario, tenant: string): number =>
  toldOf('job.completed').filter(({ tenantId }) => tenantId === tenant).length;

/** What the telemetry topic itself says of suspensions, in its order. */
const toldOnTheWire = async ({ services }: Scenario, ns: string) => {
  const events: JobEvent[] = [];
  for (const { value } of await readTopic(services, `${ns}.telemetry.jobs`)) {
    const decoded = await services.backend.serde.decode(JobEvent, value);
    if (decoded.ok && ['job.suspended', 'job.resumed'].includes(decoded.value.type))
      events.push(decoded.value);
  }
  return events.map(({ type, tenantId, dimensions }) => [type, tenantId, dimensions['scope']]);
};

// Promise: a dependency is down for one tenant: only its jobs wait; attempts are unspent; it goes on by itself.
test.concurrent.for(['none', 'key'] as const)(
  'with order %s, a tenant whose dependency is down waits alone, and no attempt of it is spent',
  async (order, context) => {
    // Pauses long enough for what waits to leave its partition.
    const given = await startWithClosedPort(context, { order, needs: ['acme'], pauseMs: 2_500 });
    const { scenario, runs } = given;
    await given.publish(['acme', 'globex']);
    await waitFor('the other tenant to be done', () => completedOf(scenario, 'globex') === EACH, {
      timeoutMs: 20_000,
    });
    await waitFor('what waits to leave the partition', () => leftThePartition(given), { timeoutMs: 20_000 });
    expect(completedOf(scenario, 'acme')).toBe(0);
    await given.port.open();
    await waitFor('the tenant to catch up', () => completedOf(scenario, 'acme') === EACH, {
      timeoutMs: 20_000,
    });
    expect(new Set(runs.map(({ attempt }) => attempt))).toEqual(new Set([1]));
    expect(scenario.toldOf('job.completed').every(({ attempt }) => attempt === 1)).toBe(true);
    expect(scenario.toldOf('job.sent_to_dlq')).toEqual([]);
    expect(await toldOnTheWire(scenario, given.ns)).toEqual([
      ['job.suspended', 'acme', 'tenant'],
      ['job.resumed', 'acme', 'tenant'],
    ]);
  },
);

/** Everything published is settled where it came, or stands on a tier or the waiting topic. */
const leftThePartition = async ({ ns, scenario }: { ns: string; scenario: Scenario }): Promise<boolean> => {
  const { admin } = scenario.services.backend.broker;
  const [committed] = await admin.committedOffsets(`${ns}.job.settle`, `${ns}.billing.events`);
  return committed?.offset === BigInt(2 * EACH);
};

// Promise: suspended for all when it fails for several; no retry storm.
test.concurrent('when a dependency is down for three tenants the whole job type waits, and one job at a time tries', async (context) => {
  const given = await startWithClosedPort(context, { order: 'none', needs: TENANTS, pauseMs: 300 });
  const { scenario, runs } = given;
  await given.publish(TENANTS.slice(0, 3));
  const forAll = () =>
    scenario.toldOf('job.suspended').find(({ dimensions }) => dimensions['scope'] === 'type');
  await waitFor('all to be suspended', forAll, { timeoutMs: 20_000 });
  await given.publish(['umbrella']);
  const before = runs.length;
  await waitFor('two more tries', () => runs.length >= before + 2, { timeoutMs: 20_000 });
  // Thirty wait and ten more came: without the suspension all would have run again at each pause.
  expect(runs.length - before).toBeLessThan(EACH);
  await given.port.open();
  await waitFor('all to be done', () => scenario.toldOf('job.completed').length === 4 * EACH, {
    timeoutMs: 30_000,
  });
  expect(scenario.toldOf('job.completed').every(({ attempt }) => attempt === 1)).toBe(true);
  expect(scenario.toldOf('job.sent_to_dlq')).toEqual([]);
  const wire = await toldOnTheWire(scenario, given.ns);
  expect(wire.filter(([, , scope]) => scope === 'type').map(([type]) => type)).toEqual([
    ...['job.suspended', 'job.resumed'],
  ]);
});

// Promise: `maxAge` ends the wait.
test.concurrent.for(['none', 'key'] as const)(
  'with order %s, a job that has waited for its dependency longer than maxAge is a dead letter, unspent',
  async (order, context) => {
    const given = await startWithClosedPort(context, {
      ...{ order, needs: ['acme'], pauseMs: 300 },
      job: { maxAge: '5s' },
    });
    const { scenario, runs, ns } = given;
    await given.publish(['acme', 'globex']);
    await waitFor('all to be dead', () => scenario.toldOf('job.sent_to_dlq').length === EACH, {
      timeoutMs: 20_000,
    });
    const letters = await readTopic(scenario.services, `${ns}.dlq.settle`);
    const said = (name: string) =>
      new Set(letters.map(({ headers }) => headers.find(([one]) => one === name)?.[1]?.toString()));
    expect([said('job-dead-reason'), said('job-attempt')]).toEqual([new Set(['max_age']), new Set(['1'])]);
    expect(letters).toHaveLength(EACH);
    expect(completedOf(scenario, 'globex')).toBe(EACH);
    expect(new Set(runs.map(({ attempt }) => attempt))).toEqual(new Set([1]));
  },
);
