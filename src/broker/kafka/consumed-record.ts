import type { KafkaMessage } from 'kafkajs';
import type { ConsumedRecord, TopicPartition } from '../../core/record.ts';
import { wireHeaders } from './headers.ts';

/** Makes a record of the port from kafkajs' message; the bytes are views into the fetched answer. */
export const consumedRecord = (
  { topic, partition }: TopicPartition,
  message: KafkaMessage,
): ConsumedRecord => ({
  topic,
  partition,
  offset: BigInt(message.offset),
  key: message.key,
  value: message.value,
  headers: wireHeaders(message.headers),
  timestampMs: Number(message.timestamp),
});
