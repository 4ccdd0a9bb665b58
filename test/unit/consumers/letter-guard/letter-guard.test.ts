import { expect, test } from 'vitest';
import { knownTenants } from '../../../../src/index.ts';
import { controlRules } from '../../../../src/runtime/control/index.ts';
import { pause, waitFor } from '../../../support/wait.ts';
import { operatedBench, publish } from '../../runtime/control/operated-bench.ts';
import { lookAt } from '../../runtime/inspection/look.ts';
import { onInvoice } from '../bench.ts';

class BrokenError extends Error {
  override readonly name = 'BrokenError';
}

const GUARD = { ratio: 0.5, of: 20, run: 10 } as const;

/** A job type that kills what `kills` says, until `mend`. */
const broken = (
  changes: Parameters<typeof onInvoice>[0] = {},
  kills: (id: string, tenant: string) => boolean = () => true,
) => {
  let isBroken = true;
  const done: string[] = [];
  const job = onInvoice({
    ...{ retry: { attempts: 1 }, deadLetterGuard: GUARD },
    run: async ({ paymentId }, { tenant }) => {
      // All that may run at once do.
      await pause(5);
      if (isBroken && kills(paymentId, tenant)) throw new BrokenError('no');
      done.push(paymentId);
    },
    ...changes,
  });
  return { job, done, mend: () => (isBroken = false) };
};

const TYPE = { what: 'type', jobType: 'settle' } as const;
const tenantOf = (id: number): string => (id % 2 === 0 ? 'acme' : 'globex');

const letters = async (bench: ReturnType<typeof operatedBench>) =>
  (await bench.read('bench.dlq.settle')).length;

const crowded = { environment: { LOG_LEVEL: 'info', WORKER_MAX_CONCURRENT_JOBS: '100' } };

const untilSuspended = (bench: ReturnType<typeof operatedBench>) =>
  waitFor('the suspension to be written', async () => {
    const { rules } = await controlRules(bench.parts);
    return rules.length > 0 && rules;
  });

test.each(['none', 'key'] as const)(
  'of 300 poisoned jobs, 100 at once, ten die and no more; after the resume the others run, in their first attempt (order: %s)',
  async (order) => {
    const { job, done, mend } = broken({ order: order === 'none' ? 'none' : ({ paymentId }) => paymentId });
    const bench = operatedBench([job]);
    const first = await bench.run({ roles: [] });
    for (let id = 0; id < 300; id += 1) await publish(first, `p-${id}`, tenantOf(id));
    await bench.run(crowded);
    const [rule] = await untilSuspended(bench);
    expect(rule).toMatchObject({
      kind: 'pause',
      target: TYPE,
      actor: 'dead-letter guard',
      guard: { dead: 10, of: 10 },
    });
    expect(rule?.reason).toBe(
      '10 jobs in a row became dead letters, the last one for attempts_exhausted (BrokenError)',
    );
    const failed = bench.types('job.failed').length;
    expect(failed).toBeGreaterThan(10);
    expect(failed).toBeLessThanOrEqual(110);
    mend();
    expect((await bench.order('resume', TYPE)).outcome).toBe('cleared');
    await waitFor('the others', () => done.length === 290, { timeoutMs: 20_000 });
    expect(await letters(bench)).toBe(10);
    const completed = bench.types('job.completed');
    expect(completed).toHaveLength(290);
    expect(completed.every(({ attempt, starts }) => attempt === 1 && starts === 1)).toBe(true);
    expect(bench.types('job.suspended')).toMatchObject([
      { reason: 'dead_letters', dimensions: { scope: 'type' } },
    ]);
    await waitFor('the end to be told', () => bench.types('job.resumed').length === 1);
  },
);

test('it is audited, an ERROR line says what to do, and the process says so and stays ready', async () => {
  const { job } = broken();
  const bench = operatedBench([job]);
  const esteira = await bench.run({ health: true, environment: { LOG_LEVEL: 'info', HEALTH_PORT: '0' } });
  for (let id = 0; id < 12; id += 1) await publish(esteira, `p-${id}`, tenantOf(id));
  const [rule] = await untilSuspended(bench);
  const audit = (await bench.audits()).find(({ action }) => action === 'control.guard');
  expect(audit).toMatchObject({
    actor: 'dead-letter guard',
    subject: 'pause/type/settle',
    auditId: rule?.auditId,
  });
  const line = JSON.parse(
    bench.lines.find((one) => one.includes('suspended by the dead-letter guard')) ?? '',
  );
  expect(line).toMatchObject({ jobType: 'settle', dead: 10, of: 10, errorCode: 'BrokenError' });
  expect(line.todo).toContain('esteira resume type settle');
  const ready = await fetch(`http://127.0.0.1:${esteira.healthPort}/health/ready`);
  expect(ready.status).toBe(200);
  expect(await ready.text()).toContain(
    'job type settle is suspended by its dead-letter guard: 10 jobs in a row',
  );
});

test('while the control topic is unwritable the process obeys itself, and tells the others when it can', async () => {
  const { job } = broken();
  const bench = operatedBench([job]);
  const esteira = await bench.run();
  bench.faults.failSends('bench.control');
  for (let id = 0; id < 30; id += 1) await publish(esteira, `p-${id}`, tenantOf(id));
  await waitFor('the suspension', () => bench.types('job.suspended').length === 1);
  const jobId = (await lookAt(bench).idsOf('billing.events')).at(-1) ?? '';
  await waitFor('ten letters', async () => (await letters(bench)) === 10);
  expect((await controlRules(bench.parts)).rules).toEqual([]);
  bench.faults.healSends('bench.control');
  await untilSuspended(bench);
  expect((await bench.audits()).filter(({ action }) => action === 'control.guard')).toHaveLength(1);
  expect(await letters(bench)).toBe(10);
  const waiting = await bench.look(jobId);
  expect(waiting).toMatchObject({ state: 'suspended', waitsFor: 'operator' });
  expect(waiting.says).toContain('job type settle is suspended by its dead-letter guard');
  expect(waiting.todo).toContain('`esteira resume type settle --reason … --run`');
});

test('one tenant’s poison stops its own part, and the others go on', async () => {
  const { job, done, mend } = broken({}, (_id, tenant) => tenant === 'acme');
  const bench = operatedBench([job]);
  const esteira = await bench.run();
  for (let id = 0; id < 60; id += 1) await publish(esteira, `p-${id}`, tenantOf(id));
  const [rule] = await untilSuspended(bench);
  const target = { what: 'tenant', tenant: 'acme', jobType: 'settle' } as const;
  expect(rule).toMatchObject({ target });
  await waitFor('the other tenant', () => done.length === 30);
  expect(await letters(bench)).toBe(10);
  mend();
  await bench.order('resume', target);
  await waitFor('the rest of the first', () => done.length === 50);
});

// Seen on real services: records are keyed by tenant, so a worker may meet them one tenant after the other.
test('tenants that come one after the other are suspended one by one, and with the third all are', async () => {
  const { job, done, mend } = broken({ concurrency: 1 });
  const tenants = ['t-1', 't-2', 't-3', 't-4'];
  const bench = operatedBench([job], { tenants: knownTenants(tenants) });
  const esteira = await bench.run({ engine: { pause: { patienceMs: 50, asideMs: 60_000 } } });
  const rulesAre = (count: number) =>
    waitFor(`${count} suspensions`, async () => {
      const { rules } = await controlRules(bench.parts);
      return rules.length === count && rules;
    });
  for (const [before, tenant] of tenants.entries()) {
    for (let id = 0; id < 15; id += 1) await publish(esteira, `${tenant}-${id}`, tenant);
    await rulesAre(Math.min(before + 1, 3));
  }
  const rules = await rulesAre(3);
  const targets = rules.flatMap((rule) => (rule.kind === 'pause' ? [rule.target] : []));
  expect(targets.map(({ what }) => what).toSorted()).toEqual(['tenant', 'tenant', 'type']);
  expect(await letters(bench)).toBe(30);
  mend();
  for (const target of targets) await bench.order('resume', target);
  await waitFor('the rest', () => done.length === 30);
});

test('bytes that nobody can read stop it too, and are kept', async () => {
  const { job } = broken({}, () => false);
  const bench = operatedBench([job]);
  await bench.run();
  const headers = (id: number) =>
    Object.entries({
      ce_id: `x-${id}`,
      ce_type: 'condominium.events.InvoicePaid',
      ce_source: 'shop',
      ce_tenantid: tenantOf(id),
    }).map(([name, value]) => [name, Buffer.from(value)] as const);
  for (let id = 0; id < 30; id += 1)
    await bench.write('billing.events', Buffer.from('nonsense'), headers(id));
  const [rule] = await untilSuspended(bench);
  expect(rule).toMatchObject({ target: TYPE });
  expect(rule?.reason).toContain('undecodable');
  expect(await letters(bench)).toBe(10);
  await bench.order('resume', TYPE);
  // Still nonsense: it stops again as soon.
  await waitFor('the next ten', async () => (await letters(bench)) === 20);
});

test('followers of a dead head that is held are one death', async () => {
  const { job } = broken({ order: 'key', afterDead: 'hold' }, (id) => id === 'p-0');
  const bench = operatedBench([job]);
  const first = await bench.run({ roles: [] });
  for (let id = 0; id < 30; id += 1) await publish(first, `p-${id}`);
  await bench.run();
  await waitFor('all to die behind it', async () => (await letters(bench)) === 30);
  expect((await controlRules(bench.parts)).rules).toEqual([]);
});

test('without a guard all of them die', async () => {
  const { job } = broken({ deadLetterGuard: false });
  const bench = operatedBench([job]);
  const esteira = await bench.run();
  for (let id = 0; id < 30; id += 1) await publish(esteira, `p-${id}`);
  await waitFor('all to die', async () => (await letters(bench)) === 30);
});
