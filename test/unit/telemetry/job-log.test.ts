import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { JOB_EVENT_TYPES } from '../../../src/core/job-event.ts';
import { createJobLog } from '../../../src/telemetry/job-log.ts';
import { createLogger, type LoggerOptions } from '../../../src/telemetry/logger.ts';
import { jobEvent } from '../../support/job-events.ts';

type Line = Readonly<Record<string, unknown>>;

/** The real logger, writing into a stream. */
const bundle = (options: Partial<LoggerOptions> & { tenantField?: string } = {}) => {
  let text = '';
  const destination = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString();
      done();
    },
  });
  const { tenantField, ...rest } = options;
  const log = createLogger({ service: 'billing-workers', level: 'debug', destination, ...rest });
  const observer = createJobLog(log, tenantField === undefined ? {} : { tenantField });
  const lines = (): Line[] =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line): Line => JSON.parse(line));
  return { log, observer, lines, text: () => text };
};

/** What stands in each job line of the builder's event. */
const COMMON = {
  service: 'billing-workers',
  jobClass: 'SendReceiptJob',
  organizationId: 'acme',
  userId: 'user-7',
  correlationId: 'chain-1',
  job_id: '0c2a3b1e-9f64-5c57-8f0e-3a1f6f0d2b44',
  task: 'send-receipt',
  queue: 'notifications',
  timestamp: '2026-10-01T12:30:00.250Z',
};

/** A job line without what the logger itself adds and changes. */
const told = (line: Line | undefined): Line => {
  const { time, pid, ...rest } = line ?? {};
  expect(new Date(String(time)).toISOString()).toBe(time);
  expect(pid).toBe(process.pid);
  return rest;
};

const FAILURE = { errorCode: 'ECONNRESET', errorMessage: 'socket hang up', errorClass: 'transient' } as const;

describe('the line of each event', () => {
  it('job.started', () => {
    const { observer, lines } = bundle();
    observer(jobEvent('job.started'));
    expect(told(lines()[0])).toEqual({ level: 'info', msg: 'job.started', ...COMMON, attempt: 1 });
  });

  it('job.completed, with the duration in ms', () => {
    const { observer, lines } = bundle();
    observer(jobEvent('job.completed', { runMs: 42 }));
    expect(told(lines()[0])).toEqual({
      level: 'info',
      msg: 'job.completed',
      ...COMMON,
      attempt: 1,
      duration_ms: 42,
    });
  });

  it('job.failed, with attempt and error', () => {
    const { observer, lines } = bundle();
    observer(jobEvent('job.failed', { ...FAILURE, attempt: 2, runMs: 7 }));
    expect(told(lines()[0])).toEqual({
      level: 'warn',
      msg: 'job.failed',
      ...COMMON,
      attempt: 2,
      error: 'ECONNRESET: socket hang up',
      duration_ms: 7,
    });
  });

  it('job.retried is called job.retrying and says when', () => {
    const { observer, lines } = bundle();
    observer(jobEvent('job.retried', { ...FAILURE, dueAt: Date.UTC(2026, 9, 1, 12, 31) }));
    expect(told(lines()[0])).toEqual({
      level: 'warn',
      msg: 'job.retrying',
      ...COMMON,
      attempt: 1,
      error: 'ECONNRESET: socket hang up',
      due_at: '2026-10-01T12:31:00.000Z',
    });
  });

  it('job.sent_to_dlq is called job.dead_letter and says how often it was tried, why, and the last error', () => {
    const { observer, lines } = bundle();
    observer(jobEvent('job.sent_to_dlq', { ...FAILURE, attempt: 3, reason: 'attempts_exhausted' }));
    expect(told(lines()[0])).toEqual({
      level: 'error',
      msg: 'job.dead_letter',
      ...COMMON,
      totalAttempts: 3,
      lastError: 'ECONNRESET: socket hang up',
      reason: 'attempts_exhausted',
    });
  });

  it.each([
    ['job.dispatched', 'info', {}, {}],
    ['job.progress', 'debug', {}, { attempt: 1 }],
    [
      'job.deferred',
      'info',
      { reason: 'trigger_delay', dueAt: Date.UTC(2026, 9, 2) },
      { reason: 'trigger_delay', due_at: '2026-10-02T00:00:00.000Z' },
    ],
    ['job.skipped', 'info', { reason: 'duplicate' }, { reason: 'duplicate' }],
    ['job.cancelled', 'info', { reason: 'operator' }, { reason: 'operator' }],
    ['job.replayed', 'info', { replayId: 'replay-1' }, { replay_id: 'replay-1' }],
    ['job.suspended', 'warn', { reason: 'dependency' }, { reason: 'dependency' }],
    ['job.resumed', 'info', {}, {}],
  ] as const)('%s', (type, level, facts, extra) => {
    const { observer, lines } = bundle();
    observer(jobEvent(type, facts));
    expect(told(lines()[0])).toEqual({ level, msg: type, ...COMMON, ...extra });
  });

  it('writes one line for every type there is', () => {
    const { observer, lines } = bundle();
    for (const type of JOB_EVENT_TYPES) observer(jobEvent(type));
    expect(lines()).toHaveLength(JOB_EVENT_TYPES.length);
  });
});

describe('what the lines say and do not say', () => {
  it("calls the tenant as the app's logs do", () => {
    const { observer, lines } = bundle({ tenantField: 'condominiumId' });
    observer(jobEvent('job.started'));
    expect(lines()[0]).toMatchObject({ condominiumId: 'acme' });
    expect(lines()[0]).not.toHaveProperty('organizationId');
  });

  it('has no user where nobody set the job off, and the job type where the app gave no class name', () => {
    const { observer, lines } = bundle();
    observer(jobEvent('job.started', { userId: null, className: null }));
    expect(lines()[0]).not.toHaveProperty('userId');
    expect(lines()[0]).toMatchObject({ jobClass: 'send-receipt' });
  });

  it('tells a failure that has only a code or only a message', () => {
    const { observer, lines } = bundle();
    observer(jobEvent('job.failed', { errorCode: 'E1' }));
    observer(jobEvent('job.failed', { errorMessage: 'only words' }));
    observer(jobEvent('job.failed'));
    expect(lines().map((line) => line['error'])).toEqual(['E1', 'only words', undefined]);
  });

  it('leaves out what is not on its list: dimensions, business metrics, trace, host', () => {
    const { observer, text } = bundle();
    for (const type of JOB_EVENT_TYPES) {
      observer(
        jobEvent(type, {
          dimensions: { customer: 'planted-dimension' },
          metrics: { plantedMetric: 1 },
          traceparent: 'planted-trace',
          host: 'planted-host',
        }),
      );
    }
    expect(text()).not.toContain('planted');
  });

  it('redacts a secret in an error message', () => {
    const { observer, text } = bundle();
    observer(jobEvent('job.failed', { errorMessage: `postgres://app:${'hunter'}${2}@db/orders refused` }));
    expect(text()).toContain('refused');
    expect(text()).not.toContain('hunter2');
  });

  it('says so when it meets a type it does not know', () => {
    const { observer, lines } = bundle();
    observer({ ...jobEvent('job.started'), type: 'job.of_tomorrow' });
    expect(lines()[0]).toMatchObject({
      level: 'warn',
      msg: 'job.event_of_unknown_type',
      type: 'job.of_tomorrow',
    });
  });
});
