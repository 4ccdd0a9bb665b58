import { type DeadLetter, type DeadLetterRange, refusalOf } from '../../consumers/dead-letters/index.ts';
import type { Envelope } from '../../core/envelope.ts';
import {
  type ConsumedRecord,
  formatPosition,
  parsePosition,
  partitionKey,
  type RecordPosition,
} from '../../core/record.ts';
import { redactText } from '../../security/redact.ts';
import type { PlanValue } from './control-values.ts';
import { Counter } from './counter.ts';
import { refused } from './replay-parts.ts';

/** Positions of one partition that are chosen; -1 stands where one was taken out again. */
interface ChosenPartition {
  readonly topic: string;
  readonly partition: number;
  readonly offsets: number[];
  /** Whether they are those of one ordering key that can be held. */
  readonly together: boolean;
}

/** What dead letters are counted by, in this order. */
const DIMENSIONS = ['jobType', 'reason', 'fingerprint', 'tenant', 'schema'] as const;

interface Chosen {
  readonly hop: number;
  readonly where: ChosenPartition;
  readonly index: number;
  /** One for all letters that say the same. */
  readonly labels: readonly string[];
}

/** More would not fit on the control topic, and nobody could oversee them. */
const MOST_POSITIONS = 1_000_000;
const MOST_EXAMPLES = 3;
const NONE = '-';

/** Which schema a record says it is of. */
export const schemaOf = ({ value }: ConsumedRecord): string => {
  if (value === null) return 'none';
  return value.length >= 5 && value[0] === 0 ? `id ${value.readInt32BE(1)}` : 'no frame';
};

const labelsOf = ({ job, envelope }: DeadLetter, record: ConsumedRecord): readonly string[] => [
  job.type,
  envelope.job?.deadReason ?? NONE,
  envelope.job?.error?.fingerprint ?? NONE,
  redactText(envelope.tenant ?? NONE),
  schemaOf(record),
];

/** Whose order a letter is of, as its headers say: tenant, ordering key, and the partition it comes from. */
const sequenceOf = ({ tenant, job }: Envelope, { key }: ConsumedRecord): string => {
  const place = parsePosition(job?.place ?? job?.origin ?? '');
  const from = place === undefined ? NONE : partitionKey(place);
  return JSON.stringify([tenant, job?.orderKey ?? key?.toString('base64'), from]);
};

/** Chooses dead letters one by one and keeps only where they stand, and the last of each job. */
export class PlanSelection {
  readonly #partitions = new Map<string, ChosenPartition>();
  readonly #jobs = new Map<string, Chosen>();
  readonly #labels = new Map<string, readonly string[]>();
  readonly #refused = new Map<string, { count: number; readonly examples: string[] }>();
  readonly #refuse: (at: RecordPosition) => string | undefined;

  /** @param refuse why one must not go back, beyond what it says itself; default none */
  constructor(refuse: (at: RecordPosition) => string | undefined = () => undefined) {
    this.#refuse = refuse;
  }

  /** Takes a dead letter in, unless it must not go back by itself, or its job died again later. */
  add(letter: DeadLetter, record: ConsumedRecord): void {
    const headers = letter.envelope.job;
    const refusal = refusalOf(letter) ?? this.#refuse(letter.at);
    if (refusal !== undefined || headers === undefined) {
      this.#leaveOut(refusal ?? NONE, formatPosition(letter.at));
      return;
    }
    const before = this.#jobs.get(headers.id);
    if (before !== undefined && before.hop > headers.hop) {
      this.#refuseEarlier(letter.at.topic, letter.at.partition, letter.at.offset);
      return;
    }
    if (before !== undefined) this.#takeOut(before);
    else if (this.#jobs.size >= MOST_POSITIONS)
      throw refused(`more than ${MOST_POSITIONS} dead letters are meant: say more exactly which`);
    const where = this.#partitionOf(letter, record);
    where.offsets.push(Number(letter.at.offset));
    const labels = this.#shared(labelsOf(letter, record));
    this.#jobs.set(headers.id, { hop: headers.hop, where, index: where.offsets.length - 1, labels });
  }

  /** How many are chosen. */
  get size(): number {
    return this.#jobs.size;
  }

  /** The chosen offsets of each partition, ascending. */
  *chosen(): Generator<Omit<ChosenPartition, 'offsets'> & { readonly offsets: bigint[] }> {
    for (const { offsets, ...where } of this.#partitions.values()) {
      const left = offsets.filter((offset) => offset >= 0);
      if (left.length > 0) yield { ...where, offsets: left.map(BigInt) };
    }
  }

  /** How many by each dimension. */
  counts(): PlanValue['counts'] {
    const [jobType = {}, reason = {}, fingerprint = {}, tenant = {}, schema = {}] = DIMENSIONS.map(
      (_, dimension) => {
        const counter = new Counter();
        for (const { labels } of this.#jobs.values()) counter.add(labels[dimension] ?? NONE);
        return counter.told();
      },
    );
    return { jobType, reason, fingerprint, tenant, schema };
  }

  /** What was meant and left out. */
  refusals(): PlanValue['refused'] {
    return [...this.#refused].map(([why, { count, examples }]) => ({ why, count, examples }));
  }

  #takeOut({ where, index }: Chosen): void {
    const offset = where.offsets[index] ?? 0;
    where.offsets[index] = -1;
    this.#refuseEarlier(where.topic, where.partition, BigInt(offset));
  }

  #refuseEarlier(topic: string, partition: number, offset: bigint): void {
    this.#leaveOut(
      'its job died again later: that one is replayed',
      formatPosition({ topic, partition, offset }),
    );
  }

  #leaveOut(why: string, position: string): void {
    const known = this.#refused.get(why) ?? { count: 0, examples: [] };
    known.count += 1;
    if (known.examples.length < MOST_EXAMPLES) known.examples.push(position);
    this.#refused.set(why, known);
  }

  #partitionOf({ at, job, envelope }: DeadLetter, record: ConsumedRecord): ChosenPartition {
    const together = job.ordered && job.afterDead === 'hold';
    const sequence = together ? ` ${sequenceOf(envelope, record)}` : '';
    const key = `${partitionKey(at)}${sequence}`;
    const { topic, partition } = at;
    const known = this.#partitions.get(key) ?? { topic, partition, together, offsets: [] };
    this.#partitions.set(key, known);
    return known;
  }

  #shared(labels: readonly string[]): readonly string[] {
    const key = JSON.stringify(labels);
    const known = this.#labels.get(key) ?? labels;
    this.#labels.set(key, known);
    return known;
  }
}

/** The DLQ topics of these ranges, each with the ends of its partitions. */
export const frozenTopics = (ranges: readonly DeadLetterRange[]): PlanValue['topics'] => {
  const topics = new Map<string, PlanValue['topics'][number]>();
  for (const { job, topic, partition, high } of ranges) {
    const known = topics.get(topic) ?? { topic, jobType: job.type, ends: [] };
    known.ends.push([partition, String(high)]);
    topics.set(topic, known);
  }
  return [...topics.values()];
};
