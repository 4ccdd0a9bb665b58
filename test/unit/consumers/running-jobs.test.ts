import { describe, expect, test } from 'vitest';
import type { JobContext } from '../../../src/index.ts';
import { invoice } from '../../support/invoices.ts';
import { Ledger } from '../../support/ledger.ts';
import { latch, pause, waitFor } from '../../support/wait.ts';
import { invoicePaid, onInvoice, openBench } from './bench.ts';
import { faultyState } from './faulty-state.ts';

const aborted = (signal: AbortSignal): Promise<unknown> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    signal.addEventListener('abort', () => resolve(signal.reason), { once: true });
  });

describe('an attempt that runs out of time', () => {
  test('is told so, fails only when its handler ends, and no other starts before, however long that takes', async () => {
    const state = faultyState();
    const ended = latch();
    const runs: JobContext[] = [];
    const reasons: unknown[] = [];
    const job = onInvoice({
      attemptTimeout: '20ms',
      lease: '60ms',
      run: async (_event, ctx) => {
        runs.push(ctx);
        if (ctx.attempt > 1) return;
        reasons.push(await aborted(ctx.signal));
        await ended.opened;
      },
    });
    const bench = openBench([job], { state: state.wrap });
    const esteira = await bench.run();
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await waitFor('the abort', () => reasons.length === 1);
    const renewals = () => state.faults.calls.filter(({ name }) => name === 'renew').length;
    const before = renewals();
    // Six renewals are two leases: by then another would have started, had the claim been let go.
    await waitFor('the claim to be kept', () => renewals() >= before + 6);
    expect(runs).toHaveLength(1);
    expect(bench.types('job.failed')).toEqual([]);
    ended.open();
    await esteira.idle();
    expect(reasons).toMatchObject([{ code: 'ESTEIRA_ATTEMPT_TIMEOUT', facts: { timeoutMs: 20 } }]);
    expect(bench.types('job.failed')).toMatchObject([{ errorCode: 'ESTEIRA_ATTEMPT_TIMEOUT', attempt: 1 }]);
    expect(runs.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(runs[1]?.fence).toBeGreaterThan(runs[0]?.fence ?? 0);
  });

  test('fails also when its handler returns as if nothing had been', async () => {
    const job = onInvoice({
      ...{ attemptTimeout: '20ms', retry: { attempts: 1 } },
      run: async (_event, ctx) => {
        await aborted(ctx.signal);
      },
    });
    const bench = openBench([job]);
    const esteira = await bench.run();
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await esteira.idle();
    expect(bench.types('job.completed')).toEqual([]);
    expect(bench.types('job.sent_to_dlq')).toMatchObject([{ errorCode: 'ESTEIRA_ATTEMPT_TIMEOUT' }]);
  });

  test('lets other jobs go on, and ends the process when its handler never does', async () => {
    const never = latch();
    const fatal = latch<Error>();
    const ledger = new Ledger();
    const job = onInvoice({
      attemptTimeout: '20ms',
      run: async (event, ctx) => {
        if (event.paymentId === 'hangs') await never.opened;
        ledger.write(event.paymentId, ctx.fence, ctx.jobId);
      },
    });
    const bench = openBench([job]);
    const esteira = await bench.run({ engine: { abandonAfterMs: 50 }, onFatal: fatal.open });
    for (const id of ['hangs', 'a', 'b']) {
      await esteira.publish(invoicePaid, invoice(id), { tenant: 'acme' });
    }
    expect(await fatal.opened).toMatchObject({ code: 'ESTEIRA_ATTEMPT_TIMEOUT' });
    await waitFor('the other jobs', () => ledger.effects.length === 2);
    expect(ledger.effects.map(({ key }) => key)).toEqual(['a', 'b']);
    expect(await bench.committed()).toBe(0n);
    never.open();
  });
});

// The bug it was: with every slot hung nothing of any type ran until abandonAfter, ten minutes later.
test('a process whose slots hang for the most part ends long before one that hangs would end it', async () => {
  const never = latch();
  const fatal = latch<Error>();
  const bench = openBench([onInvoice({ attemptTimeout: '20ms', run: () => never.opened })]);
  const environment = {
    LOG_LEVEL: 'silent',
    WORKER_MAX_CONCURRENT_JOBS: '3',
    WORKER_SHUTDOWN_GRACE_SECONDS: '1',
  };
  const esteira = await bench.run({ environment, onFatal: fatal.open });
  for (const id of ['a', 'b']) await esteira.publish(invoicePaid, invoice(id), { tenant: 'acme' });
  expect(await fatal.opened).toMatchObject({ code: 'ESTEIRA_ATTEMPT_TIMEOUT' });
  never.open();
});

test('slots that come back in time are no reason to end', async () => {
  const lets: (() => void)[] = [];
  let isFatal = false;
  const job = onInvoice({
    attemptTimeout: '20ms',
    run: (_, ctx) => (ctx.attempt > 1 ? undefined : new Promise<void>((resolve) => lets.push(resolve))),
  });
  const bench = openBench([job]);
  const environment = { LOG_LEVEL: 'silent', WORKER_MAX_CONCURRENT_JOBS: '3' };
  const esteira = await bench.run({
    ...{ environment, engine: { abandonAfterMs: 400 } },
    onFatal: () => {
      isFatal = true;
    },
  });
  for (const id of ['a', 'b']) await esteira.publish(invoicePaid, invoice(id), { tenant: 'acme' });
  await waitFor('both to hang', () => lets.length === 2);
  await pause(100);
  for (const letGo of lets) letGo();
  await esteira.idle();
  await pause(500);
  expect([isFatal, bench.types('job.completed').length]).toEqual([false, 2]);
});

describe('a run that has lost its claim', () => {
  test('is told by its signal, leaves no mark and no failure, and the job runs again with its attempt unspent', async () => {
    const state = faultyState();
    const started = latch();
    const runs: JobContext[] = [];
    const reasons: unknown[] = [];
    const job = onInvoice({
      lease: '60ms',
      run: async (_event, ctx) => {
        runs.push(ctx);
        if (runs.length > 1) return;
        state.faults.losesClaims = true;
        started.open();
        reasons.push(await aborted(ctx.signal));
        state.faults.losesClaims = false;
        ctx.signal.throwIfAborted();
      },
    });
    const bench = openBench([job], { state: state.wrap });
    const esteira = await bench.run();
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await started.opened;
    await esteira.idle();
    expect(reasons).toMatchObject([
      { code: 'ESTEIRA_CLOSED', message: expect.stringContaining('claim-lost') },
    ]);
    expect(runs.map(({ attempt }) => attempt)).toEqual([1, 1]);
    expect(runs[1]?.fence).toBeGreaterThan(runs[0]?.fence ?? 0);
    expect(bench.types('job.failed')).toEqual([]);
    expect(bench.types('job.completed')).toMatchObject([{ fence: runs[1]?.fence }]);
  });
});

// Its effect is in the world: running it again because its claim expired would make a second one.
test('a run that returns although its claim was lost completes when nobody else has taken the job', async () => {
  const state = faultyState();
  let runs = 0;
  const job = onInvoice({
    lease: '60ms',
    run: async (_event, ctx) => {
      runs += 1;
      state.faults.losesClaims = true;
      await aborted(ctx.signal);
      state.faults.losesClaims = false;
    },
  });
  const bench = openBench([job], { state: state.wrap });
  const esteira = await bench.run();
  await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
  await esteira.idle();
  expect(runs).toBe(1);
  expect(bench.types('job.completed')).toHaveLength(1);
});

describe('a handler', () => {
  const oddities: readonly (readonly [string, () => unknown])[] = [
    ['undefined', () => Promise.reject()],
    ['a text', () => Promise.reject('no')],
    ['a proxy that throws when looked at', () => Promise.reject(hostile)],
    ['an error at once', () => raise(new Error('no'))],
  ];

  test.each(oddities)('that throws %s fails its attempt and nothing else', async (_what, run) => {
    const fatal: Error[] = [];
    const job = onInvoice({
      retry: { attempts: 1 },
      run: (event) => (event.paymentId === 'odd' ? run() : undefined),
    });
    const bench = openBench([job]);
    const esteira = await bench.run({ onFatal: (error) => fatal.push(error) });
    for (const id of ['odd', 'ok']) await esteira.publish(invoicePaid, invoice(id), { tenant: 'acme' });
    await esteira.idle();
    expect(fatal).toEqual([]);
    expect(bench.types('job.sent_to_dlq')).toMatchObject([{ reason: 'attempts_exhausted' }]);
    expect(bench.types('job.completed')).toHaveLength(1);
  });
});

const raise = (error: Error): never => {
  throw error;
};

const hostile = new Proxy(
  {},
  {
    get: (_target, name) => (name === 'then' ? undefined : raise(new Error('do not look'))),
    getPrototypeOf: () => raise(new Error('do not look')),
  },
);
