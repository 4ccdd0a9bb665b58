import { createRequire } from 'node:module';
import type { KafkaMessage } from 'kafkajs';
import { EsteiraError } from '../../core/errors.ts';
import type { ConsumedRecord, TopicPartition } from '../../core/record.ts';
import type { RawPartitionData } from './client-internals.ts';
import { consumedRecord } from './consumed-record.ts';
import { traitsOf } from './errors.ts';
import { throughPassingErrors } from './passing-errors.ts';
import type { OpenCluster } from './shared-cluster.ts';

/** What to read: [from, to) of one partition. */
export interface ReadRange extends TopicPartition {
  readonly from: bigint;
  readonly to: bigint;
}

/** kafkajs' batch: leaves out control records and those of aborted transactions. */
interface FilteredBatch {
  readonly messages: readonly KafkaMessage[];
  readonly rawMessages: readonly unknown[];
  lastOffset(): string;
}

const require = createRequire(import.meta.url);
const Batch: new (topic: string, fetchedAt: string, data: RawPartitionData) => FilteredBatch =
  require('kafkajs/src/consumer/batch');

const READ_COMMITTED = 1;
const MAX_WAIT_MS = 100;
const FETCH_BYTES = 1024 * 1024;

interface Page {
  readonly batch: FilteredBatch;
  /** Up to here the log can be read now. */
  readonly end: bigint;
}

const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);

const fetchPage = async ({ routes }: OpenCluster, at: TopicPartition, position: bigint): Promise<Page> => {
  const broker = await routes.leader(at);
  const fetchOffset = String(position);
  const { responses } = await broker.fetch({
    isolationLevel: READ_COMMITTED,
    maxWaitTime: MAX_WAIT_MS,
    minBytes: 1,
    maxBytes: FETCH_BYTES,
    topics: [
      { topic: at.topic, partitions: [{ partition: at.partition, fetchOffset, maxBytes: FETCH_BYTES }] },
    ],
  });
  const data = responses[0]?.partitions[0];
  if (data === undefined)
    throw new EsteiraError('ESTEIRA_BROKER_UNAVAILABLE', 'Kafka answered a fetch without data.');
  const high = BigInt(data.highWatermark);
  const stable = BigInt(data.lastStableOffset ?? high);
  return { batch: new Batch(at.topic, fetchOffset, data), end: stable < 0n ? high : smaller(high, stable) };
};

/** A page, through leader moves and lost connections; undefined when the log does not hold the position. */
const pageOf = async (open: OpenCluster, at: TopicPartition, position: bigint): Promise<Page | undefined> => {
  try {
    return await throughPassingErrors(
      () => fetchPage(open, at, position),
      () => open.routes.forget(at.topic),
    );
  } catch (error) {
    if (traitsOf(error).type === 'OFFSET_OUT_OF_RANGE') return undefined;
    throw error;
  }
};

const firstOffset = async (open: OpenCluster, at: TopicPartition): Promise<bigint> =>
  (await open.offsets.rangesOf([at]))[0]?.low ?? 0n;

/** The position behind a page; where nothing came although the log goes on, only gaps are left. */
const behind = ({ batch, end }: Page, position: bigint): bigint => {
  if (batch.rawMessages.length === 0) return end;
  const next = BigInt(batch.lastOffset()) + 1n;
  return next > position ? next : end;
};

/**
 * Reads [from, to) by plain fetches: no group, so nothing is left behind and nobody rebalances. Ends at `to`, or
 * where the log (or its stable part) ends, also when the last offsets are control records or gaps. What the log no
 * longer holds is left out, as records that compaction removed are.
 */
export const readRange = async (
  open: OpenCluster,
  range: ReadRange,
  onRecord: (record: ConsumedRecord) => boolean,
): Promise<void> => {
  let position = range.from;
  while (position < range.to) {
    const page = await pageOf(open, range, position);
    if (page === undefined) {
      const start = await firstOffset(open, range);
      if (start <= position) return;
      position = start;
      continue;
    }
    for (const message of page.batch.messages) {
      const record = consumedRecord(range, message);
      if (record.offset >= range.to) return;
      if (!onRecord(record)) return;
    }
    if (position >= page.end) return;
    position = behind(page, position);
  }
};
