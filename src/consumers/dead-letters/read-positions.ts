import type { BrokerAdmin } from '../../core/ports/broker.ts';
import { type ConsumedRecord, copyRecord, partitionKey, type RecordPosition } from '../../core/record.ts';

const CHUNK_RECORDS = 100;
const CHUNK_BYTES = 8_388_608;

const bytesOf = ({ key, value }: ConsumedRecord): number => (key?.length ?? 0) + (value?.length ?? 0);

/** The offsets inside the log, by partition, ascending and each once. */
const wantedOffsets = async (
  admin: BrokerAdmin,
  positions: readonly RecordPosition[],
): Promise<readonly (readonly RecordPosition[])[]> => {
  const byPartition = Map.groupBy(positions, partitionKey);
  return [...byPartition.values()];
};

export const todo = { CHUNK_RECORDS, CHUNK_BYTES, bytesOf, wantedOffsets, copyRecord };
