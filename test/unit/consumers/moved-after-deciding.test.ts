import { expect, test } from 'vitest';
import { invoice } from '../../support/invoices.ts';
import { latch, pause } from '../../support/wait.ts';
import { invoicePaid, onInvoice, openBench, textHeaders } from './bench.ts';

const FLOOD = 200;
const WORK_MS = 150;
const FAILS = 'p50';

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

// The bug it was: a process died between storing a retry and writing it; its heir moved the record aside with the rest of
// a flood, and the copy, which stood elsewhere, was answered "superseded": nobody ever wrote the retry.
test('a retry that was decided and never written is written by the copy that was moved aside', async () => {
  const isOver = latch();
  let dies = true;
  const attempts: number[] = [];
  const ran = new Set<string>();
  const job = onInvoice({
    ...{ concurrency: 60, retry: { attempts: 2, backoff: '20ms' } },
    run: async ({ paymentId }, ctx) => {
      if (paymentId === FAILS) {
        attempts.push(ctx.attempt);
        if (ctx.attempt === 1) throw new Error('made to fail');
      }
      if (dies) await untilAborted(ctx.signal);
      await pause(WORK_MS);
      ran.add(paymentId);
    },
  });
  const bench = openBench([job], {
    state: (state) => ({
      ...state,
      decide: async (requests) => {
        const answers = await state.decide(requests);
        if (!dies) return answers;
        isOver.open();
        return new Promise(() => undefined);
      },
    }),
  });
  const first = await bench.run({
    environment: {
      WORKER_MAX_CONCURRENT_JOBS: '60',
      LOG_LEVEL: 'silent',
      WORKER_SHUTDOWN_GRACE_SECONDS: '1',
    },
  });
  for (let index = 0; index < FLOOD; index += 1)
    await first.publish(invoicePaid, invoice(`p${index}`), { tenant: 'acme' });
  await first.publish(invoicePaid, invoice('quiet'), { tenant: 'globex' });
  await isOver.opened;
  const stopped = first.stop();
  dies = false;
  await stopped;
  ran.clear();
  const second = await bench.run({
    engine: { window: { records: 100, bytes: 1_000_000 }, commitEveryMs: 10 },
    environment: { WORKER_MAX_CONCURRENT_JOBS: '4', LOG_LEVEL: 'silent' },
  });
  await second.idle({ timeoutMs: 60_000 });
  expect(attempts).toEqual([1, 2]);
  expect(ran.size).toBe(FLOOD + 1);
  const moved = await bench.read('bench.job.settle.surplus');
  expect(moved.map(({ headers }) => textHeaders(headers)['job-place'])).toContain('billing.events/0/50');
}, 90_000);
