import { expect, test } from 'vitest';
import { formatPosition } from '../../../src/core/record.ts';
import { EsteiraError, type JobContext } from '../../../src/index.ts';
import { invoice } from '../../support/invoices.ts';
import { latch, pause, waitFor } from '../../support/wait.ts';
import { invoicePaid, onInvoice, openBench, textHeaders } from './bench.ts';

const INBOX = 'bench.job.settle';
const long = { detachAfter: '80ms', lease: '300ms' } as const;

/** A job type whose job `long` runs until it is let go, each time with what it was let go with. */
const longJob = (changes: Parameters<typeof onInvoice>[0] = {}) => {
  const runs: JobContext[] = [];
  const lets: ReturnType<typeof latch<'return' | 'throw'>>[] = [];
  const job = onInvoice({
    ...long,
    run: async (event, ctx) => {
      if (event.paymentId !== 'long') return;
      const let_ = latch<'return' | 'throw'>();
      runs.push(ctx);
      lets.push(let_);
      if ((await let_.opened) === 'throw') throw new Error('made to fail');
    },
    ...changes,
  });
  return { job, runs, letGo: (start: number, how: 'return' | 'throw') => lets[start - 1]?.open(how) };
};

const publishLongAndShort = async (bench: ReturnType<typeof openBench>) => {
  const esteira = await bench.run();
  for (const id of ['long', 'a', 'b']) {
    await esteira.publish(invoicePaid, invoice(id), { tenant: 'acme', id });
  }
  await waitFor('the partition to go on', async () => (await bench.committed()) === 3n);
  return esteira;
};

// The bug it was: a job of an hour held the offset of its partition for an hour, and a crash ran all of it again.
test('a job that runs long lets its partition go on, and its stand-ins come and go without a trace', async () => {
  const { job, runs, letGo } = longJob();
  const bench = openBench([job]);
  const esteira = await publishLongAndShort(bench);
  expect(bench.types('job.completed')).toHaveLength(2);
  await waitFor('its stand-in to have come twice', async () => (await bench.read(INBOX)).length >= 2);
  letGo(1, 'return');
  await esteira.idle();
  expect(runs).toHaveLength(1);
  expect(bench.types('job.completed')).toMatchObject([{}, {}, { attempt: 1, starts: 1 }]);
  const told = new Set(bench.told.map(({ type }) => type));
  expect(told).toEqual(new Set(['job.started', 'job.completed']));
});

test('a stand-in has the bytes of its record, the hop of a decision and the place of what it stands in for', async () => {
  const { job, letGo } = longJob();
  const bench = openBench([job]);
  const esteira = await publishLongAndShort(bench);
  const [standIn] = await waitFor('it', async () => {
    const found = await bench.read(INBOX);
    return found.length > 0 ? found : undefined;
  });
  const [record] = await bench.read('billing.events');
  if (record === undefined || standIn === undefined) throw new Error('nothing was written');
  expect([standIn.key, standIn.value]).toEqual([record.key, record.value]);
  expect(textHeaders(standIn.headers)).toMatchObject({
    ...{ 'job-place': formatPosition(record), 'job-origin': formatPosition(record) },
    ...{ 'job-hop': '1', 'job-attempt': '1', 'job-starts': '0', ce_id: 'long' },
  });
  letGo(1, 'return');
  await esteira.idle();
});

test('a job that fails after it was detached has failed once: its retry follows, and its stand-in is superseded', async () => {
  const { job, runs, letGo } = longJob();
  const bench = openBench([job]);
  const esteira = await publishLongAndShort(bench);
  letGo(1, 'throw');
  await waitFor('the second attempt', () => runs.length === 2);
  // Long enough for the stand-in of the first attempt to come, and for one of the second.
  await waitFor('a stand-in of the second', async () =>
    (await bench.read(INBOX)).some(({ headers }) => textHeaders(headers)['job-hop'] === '3'),
  );
  letGo(2, 'return');
  await esteira.idle();
  expect(runs.map(({ attempt, starts }) => [attempt, starts])).toEqual([
    [1, 1],
    [2, 2],
  ]);
  expect(bench.types('job.failed')).toHaveLength(1);
  expect(bench.types('job.completed')).toHaveLength(3);
  expect(bench.types('job.skipped')).toEqual([]);
});

test('a job that dies after it was detached leaves one dead letter', async () => {
  const { job, runs, letGo } = longJob({ retry: { attempts: 1 } });
  const bench = openBench([job]);
  const esteira = await publishLongAndShort(bench);
  letGo(1, 'throw');
  await esteira.idle();
  expect(runs).toHaveLength(1);
  expect(await bench.read('bench.dlq.settle')).toHaveLength(1);
  expect(bench.types('job.sent_to_dlq')).toMatchObject([{ reason: 'attempts_exhausted', attempt: 1 }]);
});

test('a failure that comes while its stand-in is being written is not lost', async () => {
  const [asked, answered] = [latch(), latch()];
  const { job, runs, letGo } = longJob();
  const bench = openBench([job], {
    state: (state) => ({
      ...state,
      decide: async (requests) => {
        const answers = await state.decide(requests);
        asked.open();
        await answered.opened;
        return answers;
      },
    }),
  });
  const esteira = await bench.run();
  await esteira.publish(invoicePaid, invoice('long'), { tenant: 'acme' });
  await asked.opened;
  letGo(1, 'throw');
  answered.open();
  await waitFor('the second attempt', () => runs.length === 2);
  letGo(2, 'return');
  await esteira.idle();
  expect(runs.map(({ attempt }) => attempt)).toEqual([1, 2]);
  expect(bench.types('job.completed')).toHaveLength(1);
});

test('a stand-in of which the answer was lost is written all the same', async () => {
  let lost = 0;
  const { job, runs, letGo } = longJob();
  const bench = openBench([job], {
    state: (state) => ({
      ...state,
      decide: async (requests) => {
        const answers = await state.decide(requests);
        lost += 1;
        if (lost === 1) throw new EsteiraError('ESTEIRA_STATE_UNAVAILABLE', 'its answer was lost');
        return answers;
      },
    }),
  });
  const esteira = await publishLongAndShort(bench);
  letGo(1, 'throw');
  await waitFor('the second attempt', () => runs.length === 2);
  letGo(2, 'return');
  await esteira.idle();
  expect(bench.types('job.completed')).toHaveLength(3);
  expect(lost).toBeGreaterThan(2);
});

// The bug it would be: the offset is committed, so only the stand-in can find out that the retry was never written.
test('a retry that was decided and never written is written by the stand-in', async () => {
  let hangs = true;
  const { job, runs, letGo } = longJob();
  const bench = openBench([job], {
    state: (state) => ({
      ...state,
      decide: async (requests) => {
        const answers = await state.decide(requests);
        const isRetry = requests.some(({ decision }) => decision.toString().includes('"kind":"retry"'));
        return isRetry && hangs ? new Promise(() => undefined) : answers;
      },
    }),
  });
  const first = await publishLongAndShort(bench);
  letGo(1, 'throw');
  await first.stop();
  hangs = false;
  const second = await bench.run();
  await waitFor('the second attempt', () => runs.length === 2);
  letGo(2, 'return');
  await second.idle();
  expect(runs.map(({ attempt }) => attempt)).toEqual([1, 2]);
  expect(bench.types('job.completed')).toHaveLength(3);
});

test('a process that stops leaves a detached job to its stand-in, and spends no attempt on it', async () => {
  const starts: JobContext[] = [];
  const job = onInvoice({
    ...long,
    run: async (event, ctx) => {
      if (event.paymentId !== 'long') return;
      starts.push(ctx);
      if (starts.length > 1) return;
      await new Promise((_, reject) => {
        ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason), { once: true });
      });
    },
  });
  const bench = openBench([job]);
  const first = await publishLongAndShort(bench);
  await first.stop();
  const second = await bench.run();
  await second.idle();
  expect(starts.map((ctx) => [ctx.attempt, ctx.starts])).toEqual([
    [1, 1],
    [1, 1],
  ]);
  expect(bench.types('job.completed')).toHaveLength(3);
});

test('the age of a job, a lock and a queue that skips are nothing to the stand-in of one that runs', async () => {
  const { job, runs, letGo } = longJob({
    ...{ maxAge: '400ms', queueTimeout: '400ms', lock: { key: 'one' } },
  });
  const bench = openBench([job]);
  const esteira = await bench.run();
  await esteira.publish(invoicePaid, invoice('long'), { tenant: 'acme' });
  await waitFor('its stand-in to have come twice', async () => (await bench.read(INBOX)).length >= 2);
  letGo(1, 'return');
  await esteira.idle();
  expect(runs).toHaveLength(1);
  expect(bench.types('job.completed')).toHaveLength(1);
  expect(bench.types('job.sent_to_dlq')).toEqual([]);
});

// The bug it was: what was done behind a job of 59 s filled the window, and nothing more was read until it was 60 s old.
test('a window that is full of what is done behind a long job goes on, long before detachAfter', async () => {
  const { job, runs, letGo } = longJob({ detachAfter: '60s', lease: '2s', concurrency: 4 });
  const bench = openBench([job]);
  const before = await bench.run({ roles: [] });
  for (const id of ['long', ...Array.from({ length: 200 }, (_, index) => `short-${index}`)])
    await before.publish(invoicePaid, invoice(id), { tenant: 'acme', id });
  const esteira = await bench.run({
    engine: { window: { records: 20, bytes: 1_000_000 }, commitEveryMs: 10 },
  });
  await waitFor('the others', () => bench.types('job.completed').length === 200);
  await waitFor('the partition to be settled', async () => (await bench.committed()) === 201n);
  letGo(1, 'return');
  await waitFor('it to complete', () => bench.types('job.completed').length === 201);
  expect(runs).toHaveLength(1);
  await esteira.stop();
});

test('a window that is full of what waits for its turn is only a backlog: nothing is detached', async () => {
  const job = onInvoice({ detachAfter: '60s', concurrency: 1, run: () => pause(1_300) });
  const bench = openBench([job]);
  const before = await bench.run({ roles: [] });
  for (let index = 0; index < 6; index += 1)
    await before.publish(invoicePaid, invoice(`p${index}`), { tenant: 'acme' });
  await bench.run({ engine: { window: { records: 4, bytes: 1_000_000 }, commitEveryMs: 10 } });
  await waitFor('two of them', () => bench.types('job.completed').length === 2);
  expect([await bench.read('bench.retry.100ms'), await bench.read(INBOX)]).toEqual([[], []]);
});
