import { hash, randomFillSync } from 'node:crypto';

/** Namespace of all ids made here (a fixed random UUID, part of the wire contract). */
const ESTEIRA_NAMESPACE = Buffer.from('6f1d2c7e9b4a4d0e8c3a5e7f10b2d493', 'hex');

const COLON = 0x3a;
const ZERO = 0x30;
/** The longest length as decimal digits, and its colon. */
const LENGTH_BYTES = 11;
/** Where each of the first 32 hexadecimal digits of a hash stands in a UUID. */
const PLACES = new Uint8Array(
  [...'xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx'].flatMap((sign, place) => (sign === 'x' ? [place] : [])),
);
const VERSION_AT = 14;
const VARIANT_AT = 19;
const DIGITS = Buffer.from('0123456789abcdef', 'latin1');
/** What the digit of the variant becomes: its two upper bits are 10. */
const VARIANTS = Buffer.from('89ab89ab89ab89ab', 'latin1');

/** The bytes to hash, behind the namespace: shared by all calls, each is over before the next one begins. */
let name = Buffer.concat([ESTEIRA_NAMESPACE, Buffer.alloc(1_024)]);
const uuid = Buffer.alloc(36, '-');

const reserve = (bytes: number): void => {
  if (bytes <= name.length) return;
  name = Buffer.concat([ESTEIRA_NAMESPACE, Buffer.alloc(bytes)]);
};

const writeLength = (pos: number, length: number): number => {
  if (length >= 100) return pos + name.write(`${length}:`, pos, 'latin1');
  let at = pos;
  if (length >= 10) name[at++] = ZERO + Math.floor(length / 10);
  name[at++] = ZERO + (length % 10);
  name[at++] = COLON;
  return at;
};

const writeUtf8 = (pos: number, part: string): number => {
  const at = writeLength(pos, Buffer.byteLength(part));
  return at + name.write(part, at, 'utf8');
};

/** Most parts are ASCII, whose length in bytes is known before they are written. */
const writePart = (pos: number, part: string): number => {
  const { length } = part;
  const at = writeLength(pos, length);
  for (let index = 0; index < length; index++) {
    const code = part.charCodeAt(index);
    if (code > 127) return writeUtf8(pos, part);
    name[at + index] = code;
  }
  return at + length;
};

const digitOf = (code: number): number => (code > 0x60 ? code - 0x57 : code - ZERO);

/** The 40 hexadecimal digits of a hash as a UUID of version 5. */
const toUuid = (hex: string): string => {
  for (let digit = 0; digit < 32; digit++) uuid[PLACES[digit] ?? 0] = hex.charCodeAt(digit);
  uuid[VERSION_AT] = ZERO + 5;
  uuid[VARIANT_AT] = VARIANTS[digitOf(hex.charCodeAt(16))] ?? 0;
  return uuid.toString('latin1');
};

/**
 * UUIDv5 (RFC 9562) of the parts. Each is prefixed with its length in bytes of UTF-8, so that ('a','bc') and ('ab','c')
 * differ, and every language counts the same.
 */
export const deterministicId = (...parts: readonly string[]): string => {
  let most = ESTEIRA_NAMESPACE.length;
  for (let index = 0; index < parts.length; index++) most += LENGTH_BYTES + 3 * (parts[index]?.length ?? 0);
  reserve(most);
  let end = ESTEIRA_NAMESPACE.length;
  for (let index = 0; index < parts.length; index++) end = writePart(end, parts[index] ?? '');
  return toUuid(hash('sha1', name.subarray(0, end), 'hex'));
};

/** Where a job's id comes from: the event's source and id, or the record's origin when the event has no id. */
export const jobIdOf = (ns: string, jobType: string, source: string, eventId: string): string =>
  deterministicId('job', ns, jobType, source, eventId);

/** The id of the job of this type that follows a job: the same however often its completion is delivered. */
export const followerIdOf = (ns: string, jobType: string, parentId: string): string =>
  deterministicId('follower', ns, jobType, parentId);

/** What a step of a job is known by: all telemetry events of the step get their ids from it. */
export const stepIdOf = (jobId: string, step: string): string => deterministicId('telemetry', jobId, step);

/** Where the last byte of a UUID stands. */
const LAST_BYTE_AT = 34;

/**
 * The id of a telemetry event: its step's, with the type's number added to the last byte by exclusive or. One hash for
 * all events of a run, where a hash costs as much as half an event.
 */
export const eventIdOf = (stepId: string, typeNumber: number): string => {
  uuid.write(stepId, 0, 36, 'latin1');
  const last = (digitOf(uuid[LAST_BYTE_AT] ?? ZERO) << 4) | digitOf(uuid[LAST_BYTE_AT + 1] ?? ZERO);
  const marked = (last ^ typeNumber) & 0xff;
  uuid[LAST_BYTE_AT] = DIGITS[marked >> 4] ?? 0;
  uuid[LAST_BYTE_AT + 1] = DIGITS[marked & 15] ?? 0;
  return uuid.toString('latin1');
};

/** Random bytes for many ids: each call of the generator costs as much as making fifty ids. */
const random = Buffer.alloc(16 * 128);
let randomAt = random.length;
const randomUuid = Buffer.alloc(36, '-');

/** A random UUIDv4, for things that happen once: event ids, dispatches, runs. In one piece, as it is read soon. */
export const randomId = (): string => {
  if (randomAt === random.length) {
    randomFillSync(random);
    randomAt = 0;
  }
  for (let digit = 0; digit < 32; digit++) {
    const byte = random[randomAt + (digit >> 1)] ?? 0;
    randomUuid[PLACES[digit] ?? 0] = DIGITS[(digit & 1) === 0 ? byte >> 4 : byte & 15] ?? 0;
  }
  randomUuid[VERSION_AT] = ZERO + 4;
  randomUuid[VARIANT_AT] = VARIANTS[(random[randomAt + 8] ?? 0) >> 4] ?? 0;
  random.fill(0, randomAt, randomAt + 16);
  randomAt += 16;
  return randomUuid.toString('latin1');
};
