import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { ThreadPool } from '../../../../src/consumers/isolation/thread-pool.ts';
import { classifyError } from '../../../../src/core/classify.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { silentLog } from '../../../../src/core/ports/log.ts';
import { retryAfterMs } from '../../../../src/core/retry-after.ts';
import {
  EsteiraError,
  type JobContext,
  type ProgressFacts,
  UnrecoverableError,
} from '../../../../src/index.ts';
import { summarizeError } from '../../../../src/security/error-summary.ts';
import { invoice } from '../../../support/invoices.ts';
import { recordingLog } from '../../../support/recording-log.ts';
import { ROOT } from '../../../support/source-files.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { waitFor } from '../../../support/wait.ts';

const LONG = { timeout: 60_000 };
const appModule = pathToFileURL(join(ROOT, 'test/support/isolated-app.ts')).href;
const ledger = join(temporaryFolder('isolated'), 'ledger');
process.env['ISOLATED_LEDGER'] = ledger;
process.env['ISOLATED_NS'] = 'isolated';

const log = recordingLog();
const poolOf = (jobType: string, memoryMb: number): ThreadPool =>
  new ThreadPool({ jobType, appModule, memoryMb, clock: systemClock, log });

// A thread loads the whole package: the tests share them, as jobs do.
const MEMORY_MB = 80;
const pool = poolOf('crunch', MEMORY_MB);
const weighing = poolOf('weigh', MEMORY_MB);
afterAll(async () => {
  await pool.close();
  await weighing.close();
  expect([pool.size, weighing.size]).toEqual([0, 0]);
});

const contextOf = (jobType = 'crunch') => {
  const controller = new AbortController();
  const reports: ProgressFacts[] = [];
  const context: JobContext = {
    ...{
      jobId: 'j'.repeat(36),
      jobType,
      tenant: 'tenant-01',
      correlationId: 'c',
      attempt: 1,
      maxAttempts: 2,
    },
    ...{ starts: 1, executionId: 'e', idempotencyKey: 'k', fence: 17, signal: controller.signal },
    progress: async (facts) => {
      reports.push(facts);
    },
    ...{ eventTimeMs: 0, report: () => undefined, addCost: () => undefined },
    log: silentLog,
  };
  return { context, controller, reports };
};

const deed = async (what: string, given = contextOf()): Promise<unknown> => {
  try {
    await pool.run(invoice(what), given.context);
    return 'returned';
  } catch (error) {
    return error;
  }
};

const noted = (): readonly string[] => readFileSync(ledger, 'utf8').trim().split('\n');

describe('a handler of an isolated job', LONG, () => {
  test('runs in a thread that is used again, with the context it has elsewhere', async () => {
    expect(await deed('where')).toBe('returned');
    expect(await deed('where')).toBe('returned');
    const lines = noted().filter((line) => line.startsWith('where '));
    const [first, second] = lines.slice(-2);
    expect(first).toMatch(/^where false \d+ tenant-01 36 1 true$/);
    expect(second).toBe(first);
    expect(pool.size).toBe(1);
  });

  test('whose time is over while its thread still loads has not begun, and the thread serves the next', async () => {
    const fresh = poolOf('crunch', MEMORY_MB);
    const given = contextOf();
    const running = fresh.run(invoice('early'), given.context).catch((error: unknown) => error);
    given.controller.abort(new EsteiraError('ESTEIRA_ATTEMPT_TIMEOUT', 'too long'));
    expect(await running).toMatchObject({ code: 'ESTEIRA_ATTEMPT_TIMEOUT' });
    await fresh.run(invoice('next'), contextOf().context);
    expect(fresh.size).toBe(1);
    expect(noted()).toContain('start next 1');
    expect(noted()).not.toContain('start early 1');
    await fresh.close();
  });

  test('computes for three seconds and holds nobody up', async () => {
    await deed('where');
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    expect(await deed('compute')).toBe('returned');
    delay.disable();
    expect(delay.max / 1e6).toBeLessThan(1_000);
  });

  test('hears its signal, with the reason as the error it is', async () => {
    const given = contextOf();
    const running = deed('patient', given);
    await waitFor('its start', () => noted().includes('start patient 1'));
    given.controller.abort(new EsteiraError('ESTEIRA_ATTEMPT_TIMEOUT', 'too long'));
    expect(await running).toMatchObject({ code: 'ESTEIRA_ATTEMPT_TIMEOUT', message: 'too long' });
    expect(noted()).toContain('aborted EsteiraError ESTEIRA_ATTEMPT_TIMEOUT');
    expect(await deed('where')).toBe('returned');
    expect(pool.size).toBe(1);
  });

  test('is ended with its thread when it is deaf to its signal; others go on, and a new thread takes its place', async () => {
    const given = contextOf();
    const looping = deed('loop', given);
    await waitFor('its start', () => noted().includes('start loop 1'));
    const neighbour = deed('compute');
    given.controller.abort(new EsteiraError('ESTEIRA_ATTEMPT_TIMEOUT', 'too long'));
    expect(await looping).toMatchObject({ code: 'ESTEIRA_THREAD_DIED' });
    expect(await neighbour).toBe('returned');
    expect(pool.size).toBe(1);
    expect(await Promise.all([deed('where'), deed('where')])).toEqual(['returned', 'returned']);
    expect(pool.size).toBe(2);
  });

  test.each([
    ['exit', 'it ended with code 3 before the handler did'],
    ['stray', 'something was thrown in it that nobody caught'],
  ])(
    'that ends its thread (%s) fails its attempt by a typed error, and the next gets another thread',
    async (what, why) => {
      const died = await deed(what);
      expect(died).toMatchObject({ code: 'ESTEIRA_THREAD_DIED', message: expect.stringContaining(why) });
      expect(classifyError(died)).toBe('transient');
      expect(await deed('where')).toBe('returned');
    },
  );

  test('that leaves something behind which ends its thread later is told in the log, and hurts no other job', async () => {
    const before = pool.size;
    expect(await deed('leftover')).toBe('returned');
    await waitFor('its thread to end', () => log.messages('warn').length > 0);
    expect(log.lines.at(-1)).toMatchObject({
      message: 'a thread ended while it had nothing to do',
      facts: { jobType: 'crunch', error: 'Error' },
    });
    expect(pool.size).toBe(before - 1);
    expect(await deed('where')).toBe('returned');
  });

  test('that takes more memory than it may fails its attempt, and the process stays', async () => {
    expect(await deed('hungry')).toMatchObject({
      code: 'ESTEIRA_THREAD_DIED',
      facts: { outOfMemory: true },
      message: expect.stringContaining('isolate.memoryMb is 80'),
    });
    expect(await deed('where')).toBe('returned');
  });

  test('reports progress: not more than once a second, and the last report always', async () => {
    const given = contextOf();
    expect(await deed('progress', given)).toBe('returned');
    expect(given.reports).toHaveLength(2);
    expect(given.reports.map(({ metrics }) => metrics?.['percent'])).toEqual([0, 100]);
  });

  test('reports progress while it computes', async () => {
    const given = contextOf();
    expect(await deed('progress-busy', given)).toBe('returned');
    expect(given.reports).toEqual([
      { dimensions: { step: 'read' }, metrics: { percent: 10 } },
      { dimensions: {}, metrics: { percent: 60 } },
      { dimensions: {}, metrics: { percent: 99, rows: 7 } },
    ]);
  });
});

describe('what an isolated handler throws is judged as if it had not been', LONG, () => {
  const classify = (error: unknown) => classifyError(error);

  test('a class of its own that descends from ours, with its name, stack and cause', async () => {
    const error = await deed('tax');
    expect(error).toBeInstanceOf(UnrecoverableError);
    expect(error).toMatchObject({ name: 'TaxError', message: 'no such tax', cause: { name: 'RangeError' } });
    expect(summarizeError(error, classify)).toMatchObject({ code: 'TaxError', class: 'unrecoverable' });
    expect(error instanceof Error && error.stack).toContain('isolated-app.ts');
  });

  test('errno, HTTP status with Retry-After, codes of ours with their facts, and what is no error', async () => {
    const down = await deed('down');
    expect([classify(down), down]).toMatchObject(['dependency-down', { address: '10.0.0.1', port: 80 }]);
    const http = await deed('http');
    expect([classify(http), retryAfterMs(http, 0)]).toEqual(['dependency-down', 7_000]);
    const own = await deed('own');
    expect(own).toBeInstanceOf(EsteiraError);
    expect([classify(own), retryAfterMs(own, 0)]).toEqual(['dependency-down', 5]);
    const text = await deed('text');
    expect(text).toBe('only words');
    expect(summarizeError(text, classify).code).toBe('THROWN_STRING');
  });
});

describe('the payload of an isolated job', LONG, () => {
  test('keeps its Buffers', async () => {
    await weighing.run(
      { name: 'a', bytes: Buffer.from('cafe', 'hex'), shape: 1 },
      contextOf('weigh').context,
    );
    expect(noted()).toContain('weigh cafe number tenant-01');
  });

  test('that cannot be sent is said to be a wrong definition, and hurts no thread', async () => {
    const { context } = contextOf('weigh');
    const payload = { name: 'a', bytes: Buffer.from('00', 'hex'), shape: () => 'round' };
    const refused = await weighing.run(payload, context).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: 'ESTEIRA_DEFINITION_INVALID',
      message: expect.stringMatching(/^job weigh: its payload cannot be sent to a thread/),
    });
    expect(classifyError(refused)).toBe('unrecoverable');
    await weighing.run({ ...payload, shape: 'square' }, context);
    expect(noted()).toContain('weigh 00 string tenant-01');
    expect(weighing.size).toBe(1);
  });
});
