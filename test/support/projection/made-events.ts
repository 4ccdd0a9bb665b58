import type { JobEvent } from '../../../src/core/generated/job-event.ts';
import { eventIdOf, jobIdOf, randomId, stepIdOf } from '../../../src/core/ids.ts';
import { JOB_EVENT_TYPES, type JobEventType } from '../../../src/core/job-event.ts';

const JOB_TYPES = ['send-receipt', 'monthly-report', 'validate-products', 'enrich-lead', 'post-content'];
const TENANTS = 100;
/** Jobs that run at once: so far apart are the two events of a job, over all partitions. */
const IN_FLIGHT = 400;
const REPEAT_EVERY = 100;
/** How far behind the first an event told again comes. */
const REPEAT_AFTER = 20_000;
const BEGIN_MS = Date.UTC(2026, 9, 1);

/** What the events of a job have in common. */
interface MadeJob {
  readonly index: number;
  readonly jobId: string;
  readonly stepId: string;
  readonly jobType: string;
  readonly cause: string;
  readonly correlationId: string;
  readonly traceparent: string | null;
  readonly executionId: string;
  readonly fence: number;
}

const hex = (digits: number): string => randomId().replaceAll('-', '').slice(0, digits);

const madeJob = (index: number): MadeJob => {
  const jobType = JOB_TYPES[index % JOB_TYPES.length] ?? '';
  const cause = randomId();
  const isChained = index % 3 === 0;
  const jobId = jobIdOf('made', jobType, 'billing', cause);
  const fence = (BEGIN_MS + index) * 1_000 + (index % 997);
  return {
    index,
    jobId,
    stepId: stepIdOf(jobId, String(fence)),
    jobType,
    cause,
    correlationId: isChained ? randomId() : cause,
    traceparent: isChained ? `00-${hex(32)}-${hex(16)}-01` : null,
    executionId: randomId(),
    fence,
  };
};

const NONE = {};

/** One literal, as the engine makes them: a spread of so many fields would cost more than all the rest of the test. */
const eventOf = (job: MadeJob, type: JobEventType, time: number, runMs: number | null): JobEvent => {
  const { index } = job;
  const isFailed = type === 'job.failed';
  // Every fourth job reports figures and a cost.
  const hasFigures = runMs !== null && index % 4 === 0;
  return {
    eventId: eventIdOf(job.stepId, JOB_EVENT_TYPES.indexOf(type)),
    type,
    time,
    jobId: job.jobId,
    jobType: job.jobType,
    className: null,
    queue: `queue-${index % 3}`,
    kind: 'reactive',
    tenantId: `tenant-${(index * 7) % TENANTS}`,
    userId: index % 4 === 0 ? `user-${index % 1_000}` : null,
    correlationId: job.correlationId,
    causationId: job.cause,
    traceparent: job.traceparent,
    executionId: job.executionId,
    service: 'made-workers',
    attempt: 1,
    starts: 1,
    maxAttempts: 3,
    origin: `billing.events/${index % 8}/${1_000_000 + (index >> 3)}`,
    hop: 0,
    queueWaitMs: index % 300,
    runMs,
    latenessMs: null,
    dueAt: null,
    errorCode: isFailed ? 'ECONNRESET' : null,
    errorClass: isFailed ? 'transient' : null,
    errorMessage: isFailed ? 'connect ECONNRESET mail.example' : null,
    errorFingerprint: isFailed ? 'c0ffee00c0ffee00' : null,
    reason: null,
    fence: job.fence,
    replayId: null,
    costMicros: hasFigures ? 100 + (index % 50) : null,
    costCurrency: hasFigures ? 'EUR' : null,
    dimensions: hasFigures
      ? { marketplace: 'ml', region: 'br-sp', category: `category-${index % 20}` }
      : NONE,
    metrics: hasFigures ? { records_total: index % 1_000, error_rate: (index % 10) / 100 } : NONE,
    codeVersion: '1.4.2',
    host: `worker-7f9c6b-x${index % 4}`,
  };
};

const eventsOf = (index: number): readonly [JobEvent, JobEvent] => {
  const job = madeJob(index);
  const startMs = BEGIN_MS + index;
  const runMs = 20 + (index % 97);
  const ending = index % 50 === 0 ? 'job.failed' : 'job.completed';
  return [eventOf(job, 'job.started', startMs, null), eventOf(job, ending, startMs + runMs, runMs)];
};

/**
 * So many distinct events as a service makes them, two a job, those of jobs that run at once between each other; every
 * hundredth is told again later.
 */
export function* madeEvents(count: number): Generator<JobEvent> {
  const running: JobEvent[] = [];
  const toRepeat: JobEvent[] = [];
  let made = 0;
  function* tell(event: JobEvent): Generator<JobEvent> {
    yield event;
    made += 1;
    if (made % REPEAT_EVERY !== 0) return;
    toRepeat.push(event);
    if (toRepeat.length > REPEAT_AFTER / REPEAT_EVERY) yield* toRepeat.splice(0, 1);
  }
  for (let index = 0; index < count / 2; index++) {
    const [started, ended] = eventsOf(index);
    yield* tell(started);
    running.push(ended);
    // Jobs do not end in the order in which they began.
    if (running.length > IN_FLIGHT)
      yield* running.splice((index * 31) % IN_FLIGHT, 1).flatMap((one) => [...tell(one)]);
  }
  for (const ended of running) yield* tell(ended);
  yield* toRepeat;
}
