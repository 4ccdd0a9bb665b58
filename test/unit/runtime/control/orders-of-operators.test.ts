import { expect, test } from 'vitest';
import { controlRules } from '../../../../src/runtime/control/index.ts';
import { latch, waitFor } from '../../../support/wait.ts';
import { onInvoice } from '../../consumers/bench.ts';
import { lookAt } from '../inspection/look.ts';
import { operatedBench, publish, type Target } from './operated-bench.ts';

test('a paused job type starts nothing, others go on; after the resume it runs what waited, with no attempt spent', async () => {
  const done: string[] = [];
  const note = (type: string) => (event: { paymentId: string }, ctx: { attempt: number }) => {
    done.push(`${type}:${event.paymentId}:${ctx.attempt}`);
  };
  const bench = operatedBench([
    onInvoice({ run: note('settle') }),
    onInvoice({ type: 'archive', run: note('archive') }),
  ]);
  const esteira = await bench.run();
  await bench.order('pause', { what: 'type', jobType: 'settle' });
  await bench.obeyed(1);
  await publish(esteira, 'p-1');
  await waitFor('the other type', () => done.includes('archive:p-1:1'));
  await publish(esteira, 'p-2');
  await waitFor('the other type again', () => done.includes('archive:p-2:1'));
  expect(done).toEqual(['archive:p-1:1', 'archive:p-2:1']);
  const paused = await bench.look((await lookAt(bench).idsOf('billing.events'))[0] ?? '');
  expect(paused).toMatchObject({ state: 'suspended', waitsFor: 'operator' });
  expect(paused.says).toMatch(/job type settle is paused since .* by ana because: the mail provider/);
  await bench.order('resume', { what: 'type', jobType: 'settle' });
  await waitFor('what waited', () => done.includes('settle:p-2:1'));
  expect(done.slice(2)).toEqual(['settle:p-1:1', 'settle:p-2:1']);
});

test('a pause stands before the first job of a process runs, and is the truth where the state has nothing', async () => {
  const done: string[] = [];
  const note = (type: string) => () => void done.push(type);
  const bench = operatedBench(
    [onInvoice({ run: note('settle') }), onInvoice({ type: 'archive', queue: 'slow', run: note('archive') })],
    { queues: { slow: {} } },
  );
  const first = await bench.run({ roles: [] });
  await bench.order('pause', { what: 'queue', queue: 'default' });
  for (const id of ['p-1', 'p-2', 'p-3']) await publish(first, id);
  await bench.run();
  await waitFor('the other queue', () => done.length === 3);
  expect(done).toEqual(['archive', 'archive', 'archive']);
  await bench.order('resume', { what: 'queue', queue: 'default' });
  await waitFor('the jobs', () => done.length === 6);
});

test('of a paused tenant nothing starts, and the others in its partition go on', async () => {
  const done: string[] = [];
  const bench = operatedBench([onInvoice({ run: (event) => void done.push(event.paymentId) })]);
  const first = await bench.run({ roles: [] });
  await bench.order('pause', { what: 'tenant', tenant: 'acme' });
  await publish(first, 'a-1');
  for (const id of ['g-1', 'g-2', 'g-3']) await publish(first, id, 'globex');
  await bench.run();
  await waitFor('the other tenant', () => done.length === 3);
  expect(done).toEqual(['g-1', 'g-2', 'g-3']);
  await bench.order('resume', { what: 'tenant', tenant: 'acme' });
  await waitFor('the tenant', () => done.includes('a-1'));
  expect(bench.told.filter(({ type }) => type === 'job.failed')).toEqual([]);
});

test.each(['none', 'key'] as const)(
  'a paused tenant that has more than a partition may hold does not stand in the others’ way (order: %s)',
  async (order) => {
    const done: string[] = [];
    const run = (event: { paymentId: string }) => void done.push(event.paymentId);
    const bench = operatedBench([onInvoice({ order, retry: { attempts: 1 }, run })]);
    const first = await bench.run({ roles: [] });
    await bench.order('pause', { what: 'tenant', tenant: 'acme' });
    const ids = Array.from({ length: 30 }, (_, index) => `a-${index}`);
    for (const id of ids) await publish(first, id);
    await publish(first, 'g-1', 'globex');
    const window = { records: 10, bytes: 1_000_000 };
    await bench.run({ engine: { window, pause: { patienceMs: 50, asideMs: 200 } } });
    await waitFor('the other tenant', () => done.length === 1);
    expect(done).toEqual(['g-1']);
    await bench.order('resume', { what: 'tenant', tenant: 'acme' });
    await waitFor('the tenant', () => done.length === 31);
    expect(new Set(done).size).toBe(31);
    if (order === 'key') expect(done.slice(1)).toEqual(ids);
    const attempts = bench.types('job.completed').map(({ attempt }) => attempt);
    expect(new Set(attempts)).toEqual(new Set([1]));
  },
);

test('a paused key keeps its order, and other keys go on', async () => {
  const done: string[] = [];
  const job = onInvoice({
    order: (event) => event.currency,
    run: (event) => void done.push(event.paymentId),
  });
  const bench = operatedBench([job]);
  const first = await bench.run({ roles: [] });
  await bench.order('pause', { what: 'key', jobType: 'settle', tenant: 'acme', key: 'EUR' });
  for (const id of ['e-1', 'e-2']) await publish(first, id);
  for (const id of ['u-1', 'u-2']) await publish(first, id, 'acme', 'USD');
  await bench.run();
  await waitFor('the other key', () => done.length === 2);
  expect(done).toEqual(['u-1', 'u-2']);
  await bench.order('resume', { what: 'key', jobType: 'settle', tenant: 'acme', key: 'EUR' });
  await waitFor('the key', () => done.length === 4);
  expect(done).toEqual(['u-1', 'u-2', 'e-1', 'e-2']);
});

// A paused type looked like one that a tenant floods, and its whole backlog was moved aside.
test.each([
  ['an ordered', (event: { currency: string }) => event.currency, 'bench.wait.settle'],
  ['an unordered', 'none', 'bench.job.settle.surplus'],
] as const)('the backlog of %s type that is paused stays where it is', async (_, order, aside) => {
  const bench = operatedBench([onInvoice({ order })]);
  const first = await bench.run({ roles: [] });
  await bench.order('pause', { what: 'type', jobType: 'settle' });
  for (let id = 0; id < 40; id += 1) await publish(first, `p-${id}`, 'acme', `C${id % 3}`);
  await bench.run({ engine: { window: { records: 10, bytes: 1_000_000 } } });
  await bench.order('resume', { what: 'type', jobType: 'settle' });
  await waitFor('all to complete', () => bench.types('job.completed').length === 40);
  expect(await bench.read(aside)).toEqual([]);
});

// It had its slot and its claim, and was started all the same.
test.each([
  ['a job type', { what: 'type', jobType: 'settle' }],
  ['a tenant', { what: 'tenant', tenant: 'acme' }],
] as const)('what is claimed and not started when %s is paused is given back', async (_, target) => {
  const [asked, answered] = [latch(), latch()];
  const bench = operatedBench([onInvoice()], {
    state: (state) => ({
      ...state,
      claim: async (requests) => {
        const answers = await state.claim(requests);
        asked.open();
        await answered.opened;
        return answers;
      },
    }),
  });
  const esteira = await bench.run();
  await publish(esteira, 'p-1');
  await asked.opened;
  await bench.order('pause', target);
  await bench.obeyed(1);
  answered.open();
  const [jobId = ''] = await lookAt(bench).idsOf('billing.events');
  await waitFor('it to be given back', async () => (await bench.look(jobId)).state === 'suspended');
  expect(bench.types('job.started')).toEqual([]);
  await bench.order('resume', target);
  await waitFor('it to run', () => bench.types('job.completed').length === 1);
  expect(bench.types('job.completed')).toMatchObject([{ attempt: 1, starts: 1 }]);
});

// They stood on a tier of a minute, and came back when it was over.
test('after the resume of a tenant its jobs come back within seconds, from wherever they were set aside', async () => {
  const done: string[] = [];
  const bench = operatedBench([onInvoice({ run: (event) => void done.push(event.paymentId) })], {
    tiers: ['1m'],
  });
  const first = await bench.run({ roles: [] });
  await bench.order('pause', { what: 'tenant', tenant: 'acme' });
  for (let id = 0; id < 30; id += 1) await publish(first, `a-${id}`);
  const window = { records: 10, bytes: 1_000_000 };
  await bench.run({ engine: { window, pause: { patienceMs: 50, asideMs: 60_000 } } });
  await waitFor('all to be set aside', () => bench.types('job.deferred').length === 30, {
    timeoutMs: 10_000,
  });
  await bench.order('resume', { what: 'tenant', tenant: 'acme' });
  await waitFor('all', () => done.length === 30, { timeoutMs: 10_000 });
  expect(new Set(done).size).toBe(30);
  expect(bench.types('job.completed').every(({ attempt, starts }) => attempt === 1 && starts === 1)).toBe(
    true,
  );
});

test('a running job finishes when its type is paused', async () => {
  const [begun, goOn] = [latch(), latch()];
  const done: string[] = [];
  const bench = operatedBench([
    onInvoice({
      run: async (event) => {
        begun.open();
        await goOn.opened;
        done.push(event.paymentId);
      },
    }),
  ]);
  const esteira = await bench.run();
  await publish(esteira, 'p-1');
  await begun.opened;
  await bench.order('pause', { what: 'type', jobType: 'settle' });
  await bench.obeyed(1);
  goOn.open();
  await waitFor('the one that ran', () => done.length === 1);
});

test('nothing is written without --run; with it, the audit is there first, with before and after', async () => {
  const bench = operatedBench([onInvoice()]);
  await bench.run({ roles: [] });
  const target = { what: 'type', jobType: 'settle' } as const;
  expect(await bench.order('pause', target, { run: false })).toMatchObject({ outcome: 'would_set' });
  expect(await bench.audits()).toEqual([]);
  expect((await controlRules(bench.parts)).rules).toEqual([]);
  expect(await bench.order('pause', target)).toMatchObject({ outcome: 'set' });
  expect(await bench.order('pause', target)).toMatchObject({ outcome: 'unchanged' });
  expect(await bench.order('resume', target)).toMatchObject({ outcome: 'cleared' });
  const audits = await bench.audits();
  expect(audits.map(({ action, actor, details }) => [action, actor, details['before'] === 'none'])).toEqual([
    ['control.pause', 'ana', true],
    ['control.resume', 'ana', false],
  ]);
  expect((await controlRules(bench.parts)).rules).toEqual([]);
});

test('with the audit topic unwritable nothing is done', async () => {
  const bench = operatedBench([onInvoice()]);
  await bench.run({ roles: [] });
  bench.faults.failSends('bench.audit');
  await expect(bench.order('pause', { what: 'type', jobType: 'settle' })).rejects.toMatchObject({
    code: 'ESTEIRA_AUDIT_UNAVAILABLE',
  });
  expect((await controlRules(bench.parts)).rules).toEqual([]);
});

test('what the app has not is refused by name', async () => {
  const bench = operatedBench([onInvoice()]);
  await bench.run({ roles: [] });
  const detailOf = async (target: Target) => {
    const { outcome, detail } = await bench.order('pause', target);
    expect(outcome).toBe('refused');
    return detail;
  };
  expect(await detailOf({ what: 'queue', queue: 'emails' })).toContain('it has default');
  expect(await detailOf({ what: 'type', jobType: 'sttle' })).toContain('it has settle');
  expect(await detailOf({ what: 'tenant', tenant: 'nobody' })).toContain('knows no tenant nobody');
  expect(await detailOf({ what: 'key', jobType: 'settle', tenant: 'acme', key: 'x' })).toContain('no order');
});

test('a rule of a later version is told and not obeyed, and the others are', async () => {
  const done: string[] = [];
  const bench = operatedBench([onInvoice({ run: (event) => void done.push(event.paymentId) })]);
  const first = await bench.run({ roles: [] });
  const producer = await bench.backend.broker.createProducer();
  const write = (subject: string, value: object) =>
    producer.send({
      ...{ topic: 'bench.control', partition: 0, headers: [] },
      ...{ key: Buffer.from(subject), value: Buffer.from(JSON.stringify(value)) },
    });
  await write('pause/queue/default', { v: 2, kind: 'pause', until: 'tomorrow' });
  await write('replay/plan-1', { v: 1, kind: 'plan' });
  await publish(first, 'p-1');
  const esteira = await bench.run();
  await esteira.idle();
  expect(done).toEqual(['p-1']);
  const warnings = bench.lines.filter((line) => line.includes('no rule this version knows'));
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('pause/queue/default');
});

test('a process that only publishes does not read the control topic', async () => {
  const reads: string[] = [];
  const bench = operatedBench([onInvoice()], {
    broker: (broker) => {
      const { admin } = broker;
      const ranges = admin.offsetRanges.bind(admin);
      admin.offsetRanges = (topic) => {
        reads.push(topic);
        return ranges(topic);
      };
      return broker;
    },
  });
  await bench.run({ roles: [] });
  expect(reads).not.toContain('bench.control');
  await bench.run();
  expect(reads).toContain('bench.control');
});
