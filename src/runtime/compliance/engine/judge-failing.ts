import { durationName } from '../../../core/duration.ts';
import { about, type Finding, provedUnless } from '../finding.ts';
import { countEvents, linesOf } from './evidence.ts';
import type { FailingEvidence } from './failing-for-ever.ts';
import { FIRST_TENANT } from './stage.ts';

const OURS = 'this is a fault of Esteira: please report it';

const attemptsText = (count: number): string => (count === 1 ? '1 attempt' : `${count} attempts`);

/** Judges `retry-bounded`. */
export const judgeBound = (seen: FailingEvidence): Finding => {
  const [dead] = seen.dead;
  const made = seen.starts.length;
  const reason = dead?.job?.deadReason;
  if (dead === undefined)
    return about('retry-bounded').breach(
      `it failed ${made} times in a year and was not given up`,
      'give it a bound: retry: { attempts }',
    );
  if (made > seen.maxAttempts)
    return about('retry-bounded').breach(
      `${attemptsText(made)}, where ${seen.maxAttempts} are allowed`,
      OURS,
    );
  return about('retry-bounded').proved(
    `a handler that fails for ever is given up after ${attemptsText(made)} (${reason})`,
  );
};

/** Judges `backoff`: what was measured, against what the policy says. */
export const judgeBackoff = (seen: FailingEvidence): Finding => {
  const { waitsMs, delaysMs } = seen;
  if (seen.maxAttempts === 1) return about('backoff').proved('it is tried once, and never again by itself');
  if (waitsMs.length === 0)
    return about('backoff').unproved(
      'no second attempt was made: something else ended it first',
      'look at maxAge and queueTimeout: they end the wait before the first retry',
    );
  const measured = waitsMs.map((ms) => durationName(ms)).join(', ');
  if (waitsMs.some((ms) => !(ms > 0)))
    return about('backoff').breach(
      `waits of ${measured} between attempts: one comes at once`,
      "give every attempt a wait: retry: { backoff: ['1m', '5m'] }",
    );
  const early = waitsMs.some((ms, index) => ms < (delaysMs[index] ?? 0));
  if (early) return about('backoff').breach(`waits of ${measured}, less than its policy says`, OURS);
  return about('backoff').proved(`waited ${measured} between attempts`);
};

const deadLacks = (seen: FailingEvidence): readonly string[] => {
  const [letter, another] = seen.dead;
  if (letter === undefined) return ['there is no dead letter'];
  const { job } = letter;
  const facts = { code: job?.error?.code, class: job?.error?.class, fingerprint: job?.error?.fingerprint };
  const missing = Object.entries({ ...facts, reason: job?.deadReason, since: job?.firstFailedAtMs });
  const isSame = (a: Buffer | null, b: Buffer | null): boolean =>
    a === b || (a !== null && b !== null && a.equals(b));
  return [
    ...(another === undefined ? [] : [`there are ${seen.dead.length} dead letters of one job`]),
    ...missing
      .filter(([, value]) => value === undefined || value === '')
      .map(([name]) => `it says no ${name}`),
    ...(isSame(letter.key, seen.origin.key) && isSame(letter.value, seen.origin.value)
      ? []
      : ['its key or bytes are not those of the record it began with']),
    ...(seen.failures.length === 1 ? [] : [`${seen.failures.length} JobFailed events were published`]),
    ...(seen.laterStarts === 0 ? [] : [`it ran ${seen.laterStarts} times by itself in the month after`]),
  ];
};

/** Judges `dead-letter`. */
export const judgeDeadLetter = (seen: FailingEvidence): Finding =>
  provedUnless(
    'dead-letter',
    deadLacks(seen),
    'one dead letter with its error, its bytes unchanged, one JobFailed; never run by itself in a month',
    OURS,
  );

/** How often it was to be tried again: before every start but the first; and once more where something ended that wait. */
const retriesOf = (seen: FailingEvidence): number => {
  const made = seen.starts.length;
  const isCutOff = seen.dead[0]?.job?.deadReason !== 'attempts_exhausted';
  return isCutOff && countEvents(seen, 'job.retried') === made ? made : Math.max(0, made - 1);
};

/** Lines of a failing job by name, and the fields each must have. */
const LOG_NAMES = ['job.started', 'job.failed', 'job.retrying', 'job.dead_letter'] as const;

const logLacks = (seen: FailingEvidence): readonly string[] => {
  const made = seen.starts.length;
  const wanted = [made, made, retriesOf(seen), 1];
  const fields = ['jobClass', seen.tenantField, 'userId', 'correlationId', 'job_id', 'timestamp'];
  return [
    ...(seen.lines.includes(undefined) ? ['a line is no JSON'] : []),
    ...LOG_NAMES.flatMap((name, index) => {
      const found = linesOf(seen, name);
      const lacking = fields.filter((field) => found.some((line) => line[field] === undefined));
      return [
        ...(found.length === wanted[index] ? [] : [`${found.length} lines ${name}, not ${wanted[index]}`]),
        ...lacking.map((field) => `a line ${name} is without ${field}`),
        ...(found.every((line) => line[seen.tenantField] === FIRST_TENANT)
          ? []
          : [`a line ${name} names another tenant`]),
      ];
    }),
  ];
};

/** Judges `logs`, as far as the engine writes them. */
export const judgeLogs = (seen: FailingEvidence): Finding =>
  provedUnless(
    'logs',
    logLacks(seen),
    `every step is one JSON line with class, ${seen.tenantField}, user and correlation`,
    OURS,
  );

/** The sum of the samples of a metric that has these labels; undefined where there is none. */
const metricOf = (
  text: string,
  name: string,
  labels: Readonly<Record<string, string>>,
): number | undefined => {
  const found = text
    .split('\n')
    .filter(
      (line) =>
        line.startsWith(`${name}{`) &&
        Object.entries(labels).every(([label, value]) => line.includes(`${label}="${value}"`)),
    );
  if (found.length === 0) return undefined;
  return found.reduce((sum, line) => sum + Number(/\}\s+(\S+)/.exec(line)?.[1] ?? Number.NaN), 0);
};

const metricLacks = (seen: FailingEvidence, jobType: string): readonly string[] => {
  const made = seen.starts.length;
  const wanted: readonly [string, Readonly<Record<string, string>>, number][] = [
    ['job_attempts_total', { status: 'failed' }, made],
    ['job_attempts_total', { status: 'retried' }, retriesOf(seen)],
    ['job_processing_duration_seconds_count', {}, made],
    ['job_queue_wait_seconds_count', {}, made],
    ['jobs_in_dlq_total', {}, 1],
  ];
  return wanted.flatMap(([name, labels, count]) => {
    const found = metricOf(seen.metrics, name, { job_type: jobType, ...labels });
    return found === count ? [] : [`${name} says ${found ?? 'nothing'}, not ${count}`];
  });
};

/** Judges `metrics`. */
export const judgeMetrics = (seen: FailingEvidence, jobType: string): Finding =>
  provedUnless(
    'metrics',
    metricLacks(seen, jobType),
    `duration, attempts, time in queue and dead letters count what happened (${attemptsText(seen.starts.length)}, 1 dead letter)`,
    OURS,
  );

/** How many starts completed, and how many completions were told. */
export interface Completions {
  readonly made: number;
  readonly told: number;
}

const telemetryLacks = (seen: FailingEvidence, completed: Completions): readonly string[] => {
  const made = seen.starts.length;
  const wanted: Readonly<Record<string, number>> = {
    ...(seen.isDispatched ? { 'job.dispatched': 1 } : {}),
    'job.started': made,
    'job.failed': made,
    'job.retried': retriesOf(seen),
    'job.sent_to_dlq': 1,
  };
  const ids = new Set(seen.events.map(({ eventId }) => eventId));
  return [
    ...Object.entries(wanted)
      .filter(([type, count]) => countEvents(seen, type) !== count)
      .map(([type, count]) => `${type} is told ${countEvents(seen, type)} times, not ${count}`),
    ...(completed.told === completed.made
      ? []
      : [`job.completed is told ${completed.told} times for ${completed.made} that completed`]),
    ...(ids.size === seen.events.length ? [] : ['two events have one id']),
  ];
};

/** Judges `telemetry`; `completed` is what was told of completions in the play before. */
export const judgeTelemetry = (seen: FailingEvidence, completed: Completions): Finding =>
  provedUnless(
    'telemetry',
    telemetryLacks(seen, completed),
    `${seen.isDispatched ? 'dispatched, ' : ''}started, completed, failed, ${seen.starts.length > 1 ? 'retried, ' : ''}sent to DLQ: each step is on the telemetry topic once`,
    OURS,
  );

/** Judges `redaction`: where the secret of the error came out. */
export const judgeRedaction = (seen: FailingEvidence): Finding => {
  const headers = seen.dead.flatMap(({ headers }) => headers.map(([, value]) => value?.toString() ?? ''));
  const places: Readonly<Record<string, string>> = {
    'the log': seen.log,
    telemetry: JSON.stringify(seen.events),
    'the headers of the dead letter': headers.join('\n'),
    JobFailed: JSON.stringify(seen.failures),
    'the metrics': seen.metrics,
  };
  const leaks = Object.entries(places).filter(([, text]) => text.includes(seen.secret));
  return provedUnless(
    'redaction',
    leaks.map(([place]) => `a password in an error's message came out in ${place}`),
    "a password in an error's message reached neither log, telemetry, dead letter, JobFailed nor metrics",
    OURS,
  );
};
