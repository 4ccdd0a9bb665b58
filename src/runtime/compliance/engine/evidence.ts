import type { AvroContract } from '../../../core/contract.ts';
import { parseEnvelope } from '../../../core/envelope.ts';
import { JobEvent } from '../../../core/generated/job-event.ts';
import { JobFailed } from '../../../core/generated/job-failed.ts';
import { names } from '../../../core/names.ts';
import type { ConsumedRecord, RecordHeaders } from '../../../core/record.ts';
import type { Stage, Start } from './stage.ts';

/** A log line, parsed; `undefined` where it is no JSON object. */
export type LogLine = Readonly<Record<string, unknown>> | undefined;

/** A dead letter as it stands on its topic. */
export interface DeadRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
  /** Its `job-*` headers. */
  readonly job: NonNullable<ReturnType<typeof parseEnvelope>['job']> | undefined;
}

/** Everything a play left behind that others can see. Plain data: judges know nothing else. */
export interface Evidence {
  readonly starts: readonly Start[];
  /** From the telemetry topic, by time. */
  readonly events: readonly JobEvent[];
  readonly lines: readonly LogLine[];
  /** The same lines as text. */
  readonly log: string;
  readonly metrics: string;
  readonly dead: readonly DeadRecord[];
  readonly failures: readonly JobFailed[];
  /** Errors at which the process would have ended. */
  readonly fatal: readonly Error[];
}

const parsed = (line: string): LogLine => {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null
      ? Object.fromEntries(Object.entries(value))
      : undefined;
  } catch {
    // That it is no JSON is what the judge wants to know.
    return undefined;
  }
};

const decoded = async <T>(
  { services }: Stage,
  contract: AvroContract<T>,
  records: readonly ConsumedRecord[],
): Promise<readonly T[]> => {
  const all = await Promise.all(records.map(({ value }) => services.serde.decode(contract, value)));
  return all.flatMap((one) => (one.ok ? [one.value] : []));
};

/** Gathers what a play left behind. */
export const gather = async (stage: Stage): Promise<Evidence> => {
  const { services, script } = stage;
  const { name } = script.app;
  const process = stage.process();
  const told = await decoded(stage, JobEvent, await services.read(names.telemetry(name)));
  const dead = await services.read(names.deadLetters(name, script.job.type));
  return {
    starts: stage.starts,
    events: told.toSorted((a, b) => a.time - b.time),
    lines: process.lines.map(parsed),
    log: process.lines.join(''),
    metrics: await process.metrics(),
    dead: dead.map(({ key, value, headers }) => {
      const { job } = parseEnvelope(headers, true);
      return { key, value, headers, job };
    }),
    failures: await decoded(stage, JobFailed, await services.read(names.failures(name))),
    fatal: process.fatal,
  };
};

/** How many events of a type were told. */
export const countEvents = ({ events }: Pick<Evidence, 'events'>, type: string): number =>
  events.filter((event) => event.type === type).length;

/** The log lines of a name. */
export const linesOf = ({ lines }: Pick<Evidence, 'lines'>, name: string): readonly NonNullable<LogLine>[] =>
  lines.flatMap((line) => (line?.['msg'] === name ? [line] : []));
