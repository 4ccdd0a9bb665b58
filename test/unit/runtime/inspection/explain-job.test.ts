import { expect, test } from 'vitest';
import { z } from 'zod';
import { EsteiraError } from '../../../../src/core/errors.ts';
import { defineJob, UnrecoverableError } from '../../../../src/index.ts';
import { explainJob } from '../../../../src/runtime/inspection/index.ts';
import { doToLetters } from '../../../../src/runtime/letters/index.ts';
import { invoice } from '../../../support/invoices.ts';
import { latch, waitFor } from '../../../support/wait.ts';
import { invoicePaid, onInvoice, openBench } from '../../consumers/bench.ts';
import { operatorAt } from '../letters/operator-at-bench.ts';
import { lookAt } from './look.ts';

const acme = { tenant: 'acme' };

test('a job whose workers do not run waits, behind those that came before it, and was told nowhere yet', async () => {
  const bench = openBench([onInvoice()]);
  const esteira = await bench.run({ roles: [] });
  await esteira.publish(invoicePaid, invoice('p-1'), acme);
  await esteira.publish(invoicePaid, invoice('p-2'), acme);
  const { look, idsOf } = lookAt(bench);
  const [, second = ''] = await idsOf('billing.events');
  const answer = await look(second);
  expect(answer).toMatchObject({ state: 'waiting', waitsFor: 'worker' });
  expect(answer.says).toContain('billing.events/0/1, with 1 record (of any kind) before it');
  expect(answer.todo).toContain('esteira queues list');
  expect(answer.found.history).toEqual([]);
});

test('what nobody has heard of is unknown, and the answer says how far it was looked for', async () => {
  const bench = openBench([onInvoice()]);
  await bench.run({ roles: [] });
  const answer = await lookAt(bench).look('no-such-job');
  expect(answer).toMatchObject({ state: 'unknown', says: expect.stringMatching(/since .* \(1 h ago\)/) });
});

test('a completed job says when, in which attempt, and its history is whole and in order', async () => {
  const job = onInvoice({
    run: (_, { attempt }) => {
      if (attempt === 1) throw new Error('not yet');
    },
  });
  const bench = openBench([job]);
  const esteira = await bench.run();
  await esteira.publish(invoicePaid, invoice('p-1'), acme);
  await esteira.idle();
  const answer = await lookAt(bench).look(bench.told[0]?.jobId ?? '');
  expect(answer).toMatchObject({ state: 'completed', waitsFor: 'nothing' });
  expect(answer.says).toContain('in attempt 2 of 2');
  expect(answer.found.history.map(({ type }) => type)).toEqual([
    ...['job.started', 'job.failed', 'job.retried', 'job.started', 'job.completed'],
  ]);
});

test('a dead job names its reason, its last error and its dead letter', async () => {
  const job = onInvoice({
    run: () => {
      throw new UnrecoverableError('no such account');
    },
  });
  const bench = openBench([job]);
  const esteira = await bench.run();
  await esteira.publish(invoicePaid, invoice('p-1'), acme);
  await esteira.idle();
  const answer = await lookAt(bench).look(bench.told[0]?.jobId ?? '');
  expect(answer).toMatchObject({ state: 'dead', waitsFor: 'operator' });
  expect(answer.says).toContain('unrecoverable, in attempt 1 of 2');
  expect(answer.says).toContain('no such account');
  expect(answer.todo).toContain('esteira dlq replay bench.dlq.settle/0/0');
});

// A letter that was given up was still said to wait for its replay.
test('a dead job whose letter was given up waits for nothing, and says by whom and why', async () => {
  const job = onInvoice({
    run: () => {
      throw new UnrecoverableError('no such account');
    },
  });
  const bench = openBench([job]);
  const esteira = await bench.run();
  await esteira.publish(invoicePaid, invoice('p-1'), acme);
  await esteira.idle();
  const selection = { positions: [{ topic: 'bench.dlq.settle', partition: 0, offset: 0n }] };
  const ana = await operatorAt(bench);
  await doToLetters(ana, { deed: 'discard', selection, reason: 'account closed', run: true });
  const answer = await lookAt(bench).look(bench.told[0]?.jobId ?? '');
  expect(answer).toMatchObject({ state: 'dead', waitsFor: 'nothing' });
  expect(answer.says).toMatch(
    /Its dead letter is bench\.dlq\.settle\/0\/0\. It was given up by ana .*: account closed\.$/,
  );
  expect(answer.todo).toContain('esteira dlq restore bench.dlq.settle/0/0');
});

test('a failed job waits on its tier until it is due, and asks for a relay when that is over', async () => {
  const job = onInvoice({
    retry: { attempts: 3, backoff: '5m' },
    run: () => {
      throw new Error('timeout');
    },
  });
  const bench = openBench([job]);
  const esteira = await bench.run({ roles: ['worker'] });
  await esteira.publish(invoicePaid, invoice('p-1'), acme);
  await esteira.publish(invoicePaid, invoice('p-2'), acme);
  await waitFor('two hops', async () => (await bench.read('bench.retry.5m')).length === 2);
  await waitFor('the telling', () => bench.types('job.retried').length === 2);
  const { look } = lookAt(bench);
  const jobId = bench.types('job.retried')[1]?.jobId ?? '';
  const answer = await look(jobId);
  expect(answer).toMatchObject({ state: 'retrying', waitsFor: 'due-time' });
  expect(answer.says).toMatch(
    /Attempt 1 of 3 failed .* on tier bench.retry.5m for attempt 2, due at .* \(in 4 min\)/,
  );
  const late = { ...answer.found, nowMs: Date.now() + 600_000 };
  expect(explainJob(late)).toMatchObject({
    waitsFor: 'relay',
    says: expect.stringContaining('group bench.relay.5m has not forwarded it: 1 record before it'),
  });
});

test('a running job says since when and until when its lease is; an unrenewed lease hints at a dead worker', async () => {
  const [started, finish] = [latch(), latch()];
  const job = onInvoice({
    lease: '10s',
    run: async () => {
      started.open();
      await finish.opened;
    },
  });
  const bench = openBench([job]);
  const esteira = await bench.run();
  await esteira.publish(invoicePaid, invoice('p-1'), acme);
  await started.opened;
  const { look } = lookAt(bench);
  const [told] = bench.types('job.started');
  const answer = await look(told?.jobId ?? '');
  expect(answer).toMatchObject({ state: 'running', waitsFor: 'nothing', sinceMs: told?.time });
  expect(answer.says).toContain('attempt 1 of 2, 1 start so far');
  const { found } = answer;
  const { claim } = found;
  if (claim?.kind !== 'running') throw new Error('no claim');
  const later = (ms: number) => explainJob({ ...found, claim: { ...claim, nowMs: claim.nowMs + ms } });
  expect(later(8_000)).toMatchObject({ state: 'running', waitsFor: 'lease' });
  expect(later(8_000).says).toContain('was not renewed for 8 s: its worker may have died');
  expect(later(11_000)).toMatchObject({ state: 'waiting', waitsFor: 'worker' });
  expect(later(11_000).says).toContain('the worker died, and the lease ended');
  finish.open();
  await esteira.idle();
});

test('a job waits for another one that runs under its idempotency key', async () => {
  const [started, finish] = [latch(), latch()];
  const job = onInvoice({
    lease: '10s',
    idempotencyKey: ({ paymentId }) => paymentId,
    run: async () => {
      started.open();
      await finish.opened;
    },
  });
  const bench = openBench([job]);
  const esteira = await bench.run();
  await esteira.publish(invoicePaid, invoice('p-1'), acme);
  await started.opened;
  await esteira.publish(invoicePaid, invoice('p-1'), acme);
  const { look, idsOf } = lookAt(bench);
  const [first, second = ''] = await idsOf('billing.events');
  const answer = await look(second);
  expect(answer).toMatchObject({ state: 'waiting', waitsFor: 'lease' });
  expect(answer.says).toContain(`It waits for job ${first}`);
  finish.open();
  await esteira.idle();
  expect(await look(second)).toMatchObject({
    state: 'skipped',
    says: expect.stringContaining('another job with the same idempotency key had completed'),
  });
});

test('a job whose dependency is down is suspended, and no attempt is spent', async () => {
  const job = onInvoice({
    run: () => {
      throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED', address: '10.0.0.1', port: 5432 });
    },
  });
  const bench = openBench([job]);
  const esteira = await bench.run();
  await esteira.publish(invoicePaid, invoice('p-1'), acme);
  await waitFor('the suspension', () => bench.types('job.suspended').length > 0);
  const jobId = bench.types('job.suspended')[0]?.jobId ?? '';
  const { look } = lookAt(bench);
  const answer = await waitFor('the answer', async () => {
    const one = await look(jobId);
    return one.state === 'suspended' ? one : undefined;
  });
  expect(answer).toMatchObject({ waitsFor: 'dependency' });
  expect(answer.says).toContain('Starts of settle are suspended for its tenant');
});

test('a dispatched job is dispatched until it starts, and waits for its delay on a tier', async () => {
  const job = defineJob({
    ...{ type: 'settle', kind: 'system', order: 'none', payload: z.object({ month: z.string() }) },
    run: () => undefined,
  });
  const bench = openBench([job], { tiers: ['20ms', '1h'] });
  const esteira = await bench.run({ roles: [] });
  const now = await esteira.dispatch(job, { month: '2026-10' }, acme);
  const later = await esteira.dispatch(job, { month: '2026-11' }, { ...acme, delay: '1h' });
  const { look } = lookAt(bench);
  expect(await look(now.id)).toMatchObject({ state: 'dispatched', waitsFor: 'worker' });
  const answer = await look(later.id);
  expect(answer).toMatchObject({ state: 'dispatched', waitsFor: 'due-time' });
  expect(answer.dueMs).toBeGreaterThanOrEqual(later.dueMs ?? Number.POSITIVE_INFINITY);
});

test('a queue at its limit is what a waiting job waits for', async () => {
  const [started, finish] = [latch(), latch()];
  const job = onInvoice({
    queue: 'narrow',
    run: async () => {
      started.open();
      await finish.opened;
    },
  });
  const bench = openBench([job], { queues: { narrow: { limit: 1 } } });
  const esteira = await bench.run();
  await esteira.publish(invoicePaid, invoice('p-1'), acme);
  await started.opened;
  await esteira.publish(invoicePaid, invoice('p-2'), acme);
  const { look, idsOf } = lookAt(bench);
  const [, second = ''] = await idsOf('billing.events');
  expect(await look(second)).toMatchObject({
    waitsFor: 'limit',
    says: expect.stringContaining('Queue narrow is at its limit: 1 of 1 run.'),
  });
  finish.open();
  await esteira.idle();
});

// Whoever asked for a job behind a start rate or a lock was told only to see whether workers run, and they did.
test('a waiting job names what may keep it and cannot be seen from outside: its lock, start rates, caps of a process', async () => {
  const job = onInvoice({ queue: 'rated', lock: { key: 'books' }, concurrency: 2 });
  const rated = {
    startRate: { count: 1, per: '1h' },
    tenants: { tiers: { gold: { concurrency: 1 } } },
  } as const;
  const bench = openBench([job], { queues: { rated } });
  const esteira = await bench.run({ roles: [] });
  await esteira.publish(invoicePaid, invoice('p-1'), acme);
  const { look, idsOf } = lookAt(bench);
  const [first = ''] = await idsOf('billing.events');
  const { says } = await look(first);
  expect(says).toContain(
    'It may also wait for its lock, or the start rate of queue rated, or the concurrency of job type settle in its process, ' +
      'or the concurrency of tenant acme in queue rated, in its process: that is not looked up here.',
  );
});

test('what cannot be looked up is said, and the rest is told all the same', async () => {
  let isAway = false;
  const bench = openBench([onInvoice()], {
    state: (state) => ({
      ...state,
      inspect: (claims) =>
        isAway
          ? Promise.reject(new EsteiraError('ESTEIRA_STATE_UNAVAILABLE', 'Redis does not answer'))
          : state.inspect(claims),
    }),
  });
  const esteira = await bench.run({ roles: [] });
  await esteira.publish(invoicePaid, invoice('p-1'), acme);
  const { look, idsOf } = lookAt(bench);
  const [first = ''] = await idsOf('billing.events');
  isAway = true;
  const answer = await look(first);
  expect(answer.state).toBe('waiting');
  expect(answer.found.gaps).toEqual([expect.stringContaining('its claim could not be looked up')]);
});
