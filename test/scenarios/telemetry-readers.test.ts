import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  BILLED_TENANTS,
  billedApp,
  type LedgerRun,
  ledgerTotals,
  type Totals,
} from '../support/billed-app.ts';
import { invoice } from '../support/invoices.ts';
import { type Ask, projected } from '../support/projected.ts';
import { runForeign } from '../support/python.ts';
import { freshName, type Scenario, startScenario } from '../support/scenario.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const COUNTS = { fine: 150, flaky: 40, dead: 10, twice: 20, reports: 30, repeated: 100 };

const ns = freshName('readers');
const ledger: LedgerRun[] = [];
const { app, paid, report } = billedApp(ns, ledger);
let scenario: Scenario;

const tenantOf = (at: number): string => BILLED_TENANTS[at % BILLED_TENANTS.length] ?? 'acme';

const publishAll = async ({ esteira }: Scenario): Promise<void> => {
  const publish = (id: string, at: number): Promise<unknown> => {
    const tenant = tenantOf(at);
    return esteira.publish(paid, invoice(id, { tenantId: tenant, amountCents: at }), { tenant, id });
  };
  const named = (what: 'fine' | 'flaky' | 'dead') =>
    Array.from({ length: COUNTS[what] }, (_, at) => publish(`${what}-${at}`, at));
  const reports = Array.from({ length: COUNTS.reports }, (_, at) =>
    esteira.dispatch(report, { pages: at }, { tenant: tenantOf(at) }),
  );
  await Promise.all([...named('fine'), ...named('flaky'), ...named('dead'), ...reports]);
  // A repeat that meets a mark whose event is not told yet tells it too: a record more, which is counted below.
  await esteira.idle();
  await Promise.all(Array.from({ length: COUNTS.twice }, (_, at) => publish(`fine-${at}`, at)));
};

/** Tells some events once more, as a process does that takes over from one that died before its commit. */
const tellAgain = async ({ services, records }: Scenario): Promise<void> => {
  const topic = `${ns}.telemetry.jobs`;
  const told = await records(topic);
  const producer = await services.backend.broker.createProducer();
  const again = told.filter((_, at) => at % 3 === 0).slice(0, COUNTS.repeated);
  await Promise.all(again.map(({ key, value, headers }) => producer.send({ topic, key, value, headers })));
  await producer.close();
};

beforeAll(async () => {
  scenario = await startScenario(app);
  await publishAll(scenario);
  await scenario.esteira.idle();
  await tellAgain(scenario);
});

afterAll(() => scenario?.close());

/** What was published twice came to nothing, and was told so. */
const skipped = Array.from({ length: COUNTS.twice }, (_, at) => ({
  ...{ type: 'job.skipped', tenant: tenantOf(at), jobType: 'settle' },
}));

type Foreign = Totals & {
  readonly records: number;
  readonly events: number;
  readonly repeatsThatDiffer: number;
  readonly schemas: readonly string[];
  readonly runMs: Readonly<Record<string, number>>;
};

const foreignTotals = async (): Promise<Foreign> => {
  const file = join(temporaryFolder('readers'), 'settings.json');
  const settings = {
    ...{ bootstrap: process.env['KAFKA_BROKERS'], registry: process.env['SCHEMA_REGISTRY_URL'] },
    topic: `${ns}.telemetry.jobs`,
  };
  writeFileSync(file, JSON.stringify(settings));
  return (await runForeign('count_telemetry.py', file)) as Foreign;
};

/** The same sums, by the rules of docs/reference/telemetry.md. */
const projectedTotals = async (
  ask: Ask,
): Promise<Omit<Foreign, 'records' | 'repeatsThatDiffer' | 'schemas'>> => {
  const ends = `FROM job_events WHERE type IN ('job.completed', 'job.failed') GROUP BY ALL`;
  const sums = async (sql: string) => Object.fromEntries(await ask(sql));
  const each = async (column: string) => {
    const names = await ask(`SELECT DISTINCT ${column} FROM job_events`);
    const counts = (name: string) =>
      sums(`SELECT type, count(*) FROM job_events WHERE ${column} = '${name}' GROUP BY ALL`);
    return Object.fromEntries(
      await Promise.all(names.map(async ([name]) => [name, await counts(String(name))])),
    );
  };
  const one = async (what: string): Promise<number> =>
    Number((await ask(`SELECT ${what} FROM job_events`))[0]?.[0]);
  return {
    byType: await sums('SELECT type, count(*) FROM job_events GROUP BY ALL'),
    byTenant: await each('tenant_id'),
    byJobType: await each('job_type'),
    costMicros: await sums(`SELECT tenant_id, sum(cost_micros) ${ends}`),
    tokens: await sums(`SELECT tenant_id, sum(metrics['cost.token']) ${ends}`),
    runMs: await sums(`SELECT tenant_id, sum(run_ms) ${ends}`),
    events: await one('count(*)'),
    jobs: await one('count(DISTINCT job_id)'),
    runs: await one('count(DISTINCT execution_id)'),
  };
};

// Promise: every job is accounted for once, by whoever reads the topic: what the handlers have noted, what a program adds
// up that knows only the contract, and what the projection answers are the same numbers, repeats or not.
test('an independent reader and the projection add up what the handlers have noted', async () => {
  const expected = ledgerTotals(ledger, skipped);
  const { records, repeatsThatDiffer, schemas, ...foreign } = await foreignTotals();
  const { events, runMs, ...totals } = foreign;
  expect(totals).toEqual(expected);
  expect(records - events).toBe(COUNTS.repeated);
  expect(Object.keys(runMs).sort()).toEqual([...BILLED_TENANTS]);
  expect(repeatsThatDiffer).toBe(0);
  expect(schemas).toEqual(['esteira.telemetry.JobEvent']);
  const { backend } = scenario.services;
  expect(await projected(ns, backend, projectedTotals)).toEqual(foreign);
});
