import { hash, randomUUID } from 'node:crypto';

/** Namespace of all ids made here (a fixed random UUID, part of the wire contract). */
const ESTEIRA_NAMESPACE = Buffer.from('6f1d2c7e9b4a4d0e8c3a5e7f10b2d493', 'hex');

/**
 * UUIDv5 (RFC 9562) of the parts. Each is prefixed with its length in bytes of UTF-8, so that ('a','bc') and ('ab','c')
 * differ, and every language counts the same.
 */
export const deterministicId = (...parts: readonly string[]): string => {
  const name = parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join('');
  const hex = hash('sha1', Buffer.concat([ESTEIRA_NAMESPACE, Buffer.from(name, 'utf8')]), 'hex');
  const variant = ((Number.parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(18, 20)}-${hex.slice(20, 32)}`;
};

/** Where a job's id comes from: the event's source and id, or the record's origin when the event has no id. */
export const jobIdOf = (ns: string, jobType: string, source: string, eventId: string): string =>
  deterministicId('job', ns, jobType, source, eventId);

/** A random UUIDv4, for things that happen once: event ids, dispatches, runs. */
export const randomId = (): string => randomUUID();
