import type { AppDefinition } from '../../core/app.ts';
import { JobEvent } from '../../core/generated/job-event.ts';
import type { JobEventType } from '../../core/job-event.ts';
import { names } from '../../core/names.ts';
import type { Backend } from '../backend.ts';

/** What became of the job of a replayed record: `failing` has failed and is tried again. */
export type JobOutcome = 'completed' | 'skipped' | 'cancelled' | 'dead' | 'failing';

const OUTCOMES: Partial<Record<string, JobOutcome>> = {
  'job.completed': 'completed',
  'job.skipped': 'skipped',
  'job.cancelled': 'cancelled',
  'job.sent_to_dlq': 'dead',
  'job.failed': 'failing',
} satisfies Partial<Record<JobEventType, JobOutcome>>;

/** Partition and offset pairs, as a run keeps them. */
export type OffsetPairs = readonly (readonly [number, string])[];

/** Where the telemetry topic ends now. */
export const telemetryEnds = async (
  app: AppDefinition,
  { broker }: Pick<Backend, 'broker'>,
): Promise<[number, string][]> =>
  (await broker.admin.offsetRanges(names.telemetry(app.name))).map(({ partition, high }) => [
    partition,
    String(high),
  ]);

/**
 * What was told of the jobs of a replay since it began. The telemetry topic is the source: an outcome is durable there
 * before the record's offset is committed, deaths and skips included; a done mark alone would not say when it was set.
 */
export class JobOutcomes {
  readonly #app: AppDefinition;
  readonly #backend: Pick<Backend, 'broker' | 'serde'>;
  readonly #planId: string;
  readonly #next: Map<number, bigint>;
  readonly #outcomes = new Map<string, JobOutcome>();

  constructor(
    app: AppDefinition,
    backend: Pick<Backend, 'broker' | 'serde'>,
    planId: string,
    from: OffsetPairs,
  ) {
    this.#app = app;
    this.#backend = backend;
    this.#planId = planId;
    this.#next = new Map(from.map(([partition, offset]) => [partition, BigInt(offset)]));
  }

  /**
   * Reads on to the end of the topic; answers what is known by job id.
   *
   * @throws EsteiraError ESTEIRA_TOPICS_DIFFER, ESTEIRA_BROKER_UNAVAILABLE, ESTEIRA_REGISTRY_UNAVAILABLE
   */
  async look(): Promise<ReadonlyMap<string, JobOutcome>> {
    const topic = names.telemetry(this.#app.name);
    const { admin } = this.#backend.broker;
    const mark = Buffer.from(this.#planId);
    for (const { partition, low, high } of await admin.offsetRanges(topic)) {
      const known = this.#next.get(partition) ?? low;
      const from = known > low ? known : low;
      this.#next.set(partition, high);
      if (from >= high) continue;
      const values: Buffer[] = [];
      await admin.read({ topic, partition, from, to: high }, ({ value }) => {
        if (value?.includes(mark)) values.push(Buffer.from(value));
        return true;
      });
      for (const value of values) await this.#take(value);
    }
    return this.#outcomes;
  }

  async #take(value: Buffer): Promise<void> {
    const decoded = await this.#backend.serde.decode(JobEvent, value);
    if (!decoded.ok || decoded.value.replayId !== this.#planId) return;
    const { jobId, type } = decoded.value;
    const outcome = OUTCOMES[type];
    // A failed attempt may stand behind its end: another partition, or told again; so may the skip of a repeated event.
    const hasEnded = this.#outcomes.has(jobId) && this.#outcomes.get(jobId) !== 'failing';
    const isEnd = outcome !== 'failing' && outcome !== 'skipped';
    if (outcome !== undefined && (isEnd || !hasEnded)) this.#outcomes.set(jobId, outcome);
  }
}
