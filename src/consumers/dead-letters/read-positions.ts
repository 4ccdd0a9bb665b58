import type { BrokerAdmin } from '../../core/ports/broker.ts';
import {
  type ConsumedRecord,
  copyRecord,
  partitionKey,
  type RecordPosition,
  type TopicPartition,
} from '../../core/record.ts';

const CHUNK_RECORDS = 500;
const CHUNK_BYTES = 8_388_608;

interface WantedPartition extends TopicPartition {
  readonly offsets: readonly bigint[];
}

const ascending = (a: bigint, b: bigint): number => (a < b ? -1 : Number(a > b));

const byPartition = (positions: readonly RecordPosition[]): readonly WantedPartition[] => {
  const groups = new Map<string, WantedPartition>();
  for (const { topic, partition, offset } of positions) {
    const key = partitionKey({ topic, partition });
    groups.set(key, { topic, partition, offsets: [...(groups.get(key)?.offsets ?? []), offset] });
  }
  return [...groups.values()];
};

/** Only offsets that are in the log, each once, ascending. */
const inLog = async (
  admin: BrokerAdmin,
  wanted: TopicPartition & { readonly offsets: readonly bigint[] },
): Promise<readonly bigint[]> => {
  const ranges = await admin.offsetRanges(wanted.topic);
  const range = ranges.find(({ partition }) => partition === wanted.partition);
  if (range === undefined) return [];
  const there = wanted.offsets.filter((offset) => offset >= range.low && offset < range.high);
  return [...new Set(there)].sort(ascending);
};

/** Reads wanted records until there are enough for one chunk; `rest` is what was not reached. */
const readChunk = async (
  admin: BrokerAdmin,
  { topic, partition }: TopicPartition,
  offsets: readonly bigint[],
): Promise<{ readonly records: readonly ConsumedRecord[]; readonly rest: readonly bigint[] }> => {
  const records: ConsumedRecord[] = [];
  const wanted = new Set(offsets);
  let bytes = 0;
  let reached: bigint | undefined;
  const isFull = (): boolean => records.length >= CHUNK_RECORDS || bytes >= CHUNK_BYTES;
  const [from = 0n] = offsets;
  await admin.read({ topic, partition, from, to: (offsets.at(-1) ?? 0n) + 1n }, (record) => {
    if (wanted.has(record.offset)) {
      records.push(copyRecord(record));
      bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0);
    }
    reached = record.offset;
    return !isFull();
  });
  const rest = isFull() ? offsets.filter((offset) => offset > (reached ?? offset)) : [];
  return { records, rest };
};

/**
 * The records at the first of these ascending offsets of a partition, as many as fit in memory. `taken`: how many of the
 * offsets they answer for; where there is no record at one of those, it is left out.
 *
 * @throws EsteiraError ESTEIRA_TOPICS_DIFFER when the topic is missing, ESTEIRA_SERVICE_UNREACHABLE.
 */
export const readFirst = async (
  admin: BrokerAdmin,
  at: TopicPartition,
  offsets: readonly bigint[],
): Promise<{ readonly records: readonly ConsumedRecord[]; readonly taken: number }> => {
  const there = await inLog(admin, { ...at, offsets });
  if (there.length === 0) return { records: [], taken: offsets.length };
  const { records, rest } = await readChunk(admin, at, there);
  const [next] = rest;
  return { records, taken: next === undefined ? offsets.length : offsets.indexOf(next) };
};

/**
 * The records at these positions, in chunks of bounded size; per partition in offset order. Positions where nothing
 * stands are left out.
 *
 * @throws EsteiraError ESTEIRA_TOPICS_DIFFER when a topic is missing, ESTEIRA_SERVICE_UNREACHABLE.
 */
export async function* readPositions(
  admin: BrokerAdmin,
  positions: readonly RecordPosition[],
): AsyncGenerator<readonly ConsumedRecord[]> {
  for (const wanted of byPartition(positions)) {
    let offsets = await inLog(admin, wanted);
    while (offsets.length > 0) {
      const { records, rest } = await readChunk(admin, wanted, offsets);
      if (records.length > 0) yield records;
      offsets = rest;
    }
  }
}
