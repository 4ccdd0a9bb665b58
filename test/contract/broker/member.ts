import { expect } from 'vitest';
import type {
  Assignment,
  ConsumerListener,
  FetchedBatch,
  GroupConsumer,
  OffsetProblem,
} from '../../../src/core/ports/broker.ts';
import { type ConsumedRecord, formatPosition, partitionKey } from '../../../src/core/record.ts';
import { waitFor } from '../../support/wait.ts';

/** Joining a real group takes seconds. */
const PATIENCE_MS = 30_000;

type Told =
  | { readonly kind: 'assigned'; readonly assignment: Assignment }
  | { readonly kind: 'batch'; readonly batch: FetchedBatch }
  | { readonly kind: 'problems'; readonly problems: readonly OffsetProblem[] }
  | { readonly kind: 'crash'; readonly error: Error };

/** A consumer with a listener that writes down all it is told, in order. */
export class Member implements ConsumerListener {
  readonly consumer: GroupConsumer;
  readonly told: Told[] = [];

  constructor(consumer: GroupConsumer) {
    this.consumer = consumer;
  }

  onAssigned(assignment: Assignment): void {
    this.told.push({ kind: 'assigned', assignment });
  }

  onBatch(batch: FetchedBatch): void {
    this.told.push({ kind: 'batch', batch });
  }

  onOffsetProblem(problems: readonly OffsetProblem[]): void {
    this.told.push({ kind: 'problems', problems });
  }

  onCrash(error: Error): void {
    this.told.push({ kind: 'crash', error });
  }

  get assignments(): readonly Assignment[] {
    return this.told.flatMap((one) => (one.kind === 'assigned' ? one.assignment : []));
  }

  get batches(): readonly FetchedBatch[] {
    return this.told.flatMap((one) => (one.kind === 'batch' ? one.batch : []));
  }

  get problems(): readonly OffsetProblem[] {
    return this.told.flatMap((one) => (one.kind === 'problems' ? one.problems : []));
  }

  get crashes(): readonly Error[] {
    return this.told.flatMap((one) => (one.kind === 'crash' ? one.error : []));
  }

  get records(): readonly ConsumedRecord[] {
    return this.batches.flatMap((batch) => batch.records);
  }

  /** The latest assignment. */
  get assignment(): Assignment {
    const latest = this.assignments.at(-1);
    if (latest === undefined) throw new Error('this member has no assignment yet');
    return latest;
  }

  /** What it owns, as sorted `topic/partition`. */
  get owned(): readonly string[] {
    return this.assignments.at(-1)?.partitions.map(partitionKey).sort() ?? [];
  }

  /** The texts of the records of one partition, in the order they came. */
  texts(partition: number): readonly string[] {
    return this.records
      .filter((record) => record.partition === partition)
      .map((record) => String(record.value));
  }

  async receives(count: number): Promise<readonly ConsumedRecord[]> {
    await waitFor(`${count} records`, () => this.records.length >= count, { timeoutMs: PATIENCE_MS });
    return this.records;
  }

  async until(what: string, holds: (member: Member) => boolean): Promise<void> {
    await waitFor(what, () => holds(this), { timeoutMs: PATIENCE_MS });
  }

  /** What the port promises of every member in every test. */
  expectKeptPromises(): void {
    let current: Assignment | undefined;
    let seen = new Map<string, bigint>();
    for (const one of this.told) {
      if (one.kind === 'assigned') {
        if (current !== undefined) expect(one.assignment.epoch).toBe(current.epoch + 1);
        current = one.assignment;
        seen = new Map();
      }
      if (one.kind === 'batch') expectGoodBatch(one.batch, current, seen);
    }
  }
}

const expectGoodBatch = (
  batch: FetchedBatch,
  assignment: Assignment | undefined,
  seen: Map<string, bigint>,
): void => {
  const key = partitionKey(batch);
  expect(batch.records).not.toHaveLength(0);
  expect(batch.epoch, 'a batch belongs to the latest assignment').toBe(assignment?.epoch);
  expect(assignment?.partitions.map(partitionKey), 'a batch is of an owned partition').toContain(key);
  for (const record of batch.records) {
    const last = seen.get(key) ?? -1n;
    expect(record.offset > last, `${formatPosition(record)} comes once and in order`).toBe(true);
    expect(partitionKey(record)).toBe(key);
    seen.set(key, record.offset);
  }
  expect(batch.highWatermark > (seen.get(key) ?? -1n), 'the high watermark is above what was read').toBe(
    true,
  );
};
