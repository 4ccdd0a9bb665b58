import { hash, randomFillSync } from 'node:crypto';

/** Namespace of all ids made here (a fixed random UUID, part of the wire contract). */
const ESTEIRA_NAMESPACE = Buffer.from('6f1d2c7e9b4a4d0e8c3a5e7f10b2d493', 'hex');

const COLON = 0x3a;
const ZERO = 0x30;
/** The longest length as decimal digits, and its colon. */
const LENGTH_BYTES = 11;
const VERSION_AT = 14;
const VARIANT_AT = 19;
const DIGITS = Buffer.from('0123456789abcdef', 'latin1');
/** The upper and the lower hexadecimal digit of a byte. */
const UPPER = Uint8Array.from({ length: 256 }, (_, byte) => DIGITS[byte >> 4] ?? 0);
const LOWER = Uint8Array.from({ length: 256 }, (_, byte) => DIGITS[byte & 15] ?? 0);
/** What the digit of the variant becomes: its two upper bits are 10. */
const VARIANTS = Buffer.from('89ab89ab89ab89ab', 'latin1');

/** The UUID that is being made: each is over before the next one begins. */
const uuid = Buffer.alloc(36, '-');

const digitOf = (code: number): number => (code > 0x60 ? code - 0x57 : code - ZERO);

/** Its digits from `from` up to `to`, behind as many dashes as stand before them. */
const copyDigits = (hex: string, from: number, to: number, dashes: number): void => {
  for (let digit = from; digit < to; digit++) uuid[digit + dashes] = hex.charCodeAt(digit);
};

/** The 40 hexadecimal digits of a hash as a UUID of version 5. */
const toUuid = (hex: string): string => {
  copyDigits(hex, 0, 8, 0);
  copyDigits(hex, 8, 12, 1);
  copyDigits(hex, 12, 16, 2);
  copyDigits(hex, 16, 20, 3);
  copyDigits(hex, 20, 32, 4);
  uuid[VERSION_AT] = ZERO + 5;
  uuid[VARIANT_AT] = VARIANTS[digitOf(hex.charCodeAt(16))] ?? 0;
  return uuid.toString('latin1');
};

/** The bytes that are hashed: the namespace, and parts with their lengths. */
class Name {
  #bytes = Buffer.concat([ESTEIRA_NAMESPACE, Buffer.alloc(1_024)]);
  #hashed = this.#bytes.subarray(0, 0);
  #end = ESTEIRA_NAMESPACE.length;

  get end(): number {
    return this.#end;
  }

  /** Forgets what stands behind `end`; by default all parts. */
  cut(end = ESTEIRA_NAMESPACE.length): void {
    this.#end = end;
  }

  /** Most parts are ASCII, whose length in bytes is known before they are written. */
  add(part: string): void {
    this.#reserve(LENGTH_BYTES + 3 * part.length);
    this.#end = this.#writeAscii(part) ?? this.#writeUtf8(part);
  }

  hash(): string {
    // Names of one kind are mostly of one length.
    if (this.#hashed.length !== this.#end) this.#hashed = this.#bytes.subarray(0, this.#end);
    return toUuid(hash('sha1', this.#hashed, 'hex'));
  }

  /** Answers where it ends; undefined when it is not ASCII. */
  #writeAscii(part: string): number | undefined {
    const { length } = part;
    const bytes = this.#bytes;
    const at = this.#writeLength(length);
    for (let index = 0; index < length; index++) {
      const code = part.charCodeAt(index);
      if (code > 127) return undefined;
      bytes[at + index] = code;
    }
    return at + length;
  }

  #writeUtf8(part: string): number {
    const at = this.#writeLength(Buffer.byteLength(part));
    return at + this.#bytes.write(part, at, 'utf8');
  }

  /** Answers where the part begins. */
  #writeLength(length: number): number {
    const bytes = this.#bytes;
    let at = this.#end;
    if (length >= 100) return at + bytes.write(`${length}:`, at, 'latin1');
    if (length >= 10) bytes[at++] = ZERO + Math.floor(length / 10);
    bytes[at++] = ZERO + (length % 10);
    bytes[at++] = COLON;
    return at;
  }

  #reserve(more: number): void {
    const needed = this.#end + more;
    if (needed <= this.#bytes.length) return;
    this.#bytes = Buffer.concat([this.#bytes.subarray(0, this.#end), Buffer.alloc(2 * needed - this.#end)]);
    this.#hashed = this.#bytes.subarray(0, 0);
  }
}

const anyName = new Name();

/**
 * UUIDv5 (RFC 9562) of the parts. Each is prefixed with its length in bytes of UTF-8, so that ('a','bc') and ('ab','c')
 * differ, and every language counts the same.
 */
export const deterministicId = (...parts: readonly string[]): string => {
  anyName.cut();
  for (let index = 0; index < parts.length; index++) anyName.add(parts[index] ?? '');
  return anyName.hash();
};

/** The name of the last job, and what it is of: the next one is mostly of the same, and differs in its end. */
const jobName = new Name();
const lastJob = { ns: '', jobType: '', source: '', end: 0 };

/** Where a job's id comes from: the event's source and id, or the record's origin when the event has no id. */
export const jobIdOf = (ns: string, jobType: string, source: string, eventId: string): string => {
  if (lastJob.end > 0 && lastJob.source === source && lastJob.jobType === jobType && lastJob.ns === ns)
    jobName.cut(lastJob.end);
  else beginJobName(ns, jobType, source);
  jobName.add(eventId);
  return jobName.hash();
};

const beginJobName = (ns: string, jobType: string, source: string): void => {
  jobName.cut();
  jobName.add('job');
  jobName.add(ns);
  jobName.add(jobType);
  jobName.add(source);
  Object.assign(lastJob, { ns, jobType, source, end: jobName.end });
};

/** The id of the job of this type that follows a job: the same however often its completion is delivered. */
export const followerIdOf = (ns: string, jobType: string, parentId: string): string =>
  deterministicId('follower', ns, jobType, parentId);

/** What a step of a job is known by: all telemetry events of the step get their ids from it. */
export const stepIdOf = (jobId: string, step: string): string => deterministicId('telemetry', jobId, step);

/** Its own: whatever step id is given, ids that are made afterwards keep their dashes. */
const eventId = Buffer.alloc(36, '-');

/** Where the last byte of a UUID stands. */
const LAST_BYTE_AT = 34;

/**
 * The id of a telemetry event: its step's, with the type's number added to the last byte by exclusive or. One hash for
 * all events of a run, where a hash costs as much as half an event.
 */
export const eventIdOf = (stepId: string, typeNumber: number): string => {
  eventId.write(stepId, 0, 36, 'latin1');
  const last = (digitOf(eventId[LAST_BYTE_AT] ?? ZERO) << 4) | digitOf(eventId[LAST_BYTE_AT + 1] ?? ZERO);
  const marked = (last ^ typeNumber) & 0xff;
  eventId[LAST_BYTE_AT] = UPPER[marked] ?? 0;
  eventId[LAST_BYTE_AT + 1] = LOWER[marked] ?? 0;
  return eventId.toString('latin1');
};

/** Random bytes for many ids: each call of the generator costs as much as making dozens of ids. */
const random = Buffer.alloc(16 * 512);
let randomAt = random.length;

/** The digits of the random bytes from `from` up to `to`, at `at`. */
const writeDigits = (from: number, to: number, at: number): void => {
  for (let index = from, place = at; index < to; index++, place += 2) {
    const byte = random[index] ?? 0;
    uuid[place] = UPPER[byte] ?? 0;
    uuid[place + 1] = LOWER[byte] ?? 0;
    random[index] = 0;
  }
};

/** A random UUIDv4, for things that happen once: event ids, dispatches, runs. In one piece, as it is read soon. */
export const randomId = (): string => {
  if (randomAt === random.length) {
    randomFillSync(random);
    randomAt = 0;
  }
  const at = randomAt;
  randomAt += 16;
  const variant = VARIANTS[(random[at + 8] ?? 0) >> 4] ?? 0;
  writeDigits(at, at + 4, 0);
  writeDigits(at + 4, at + 6, 9);
  writeDigits(at + 6, at + 8, 14);
  writeDigits(at + 8, at + 10, 19);
  writeDigits(at + 10, at + 16, 24);
  uuid[VERSION_AT] = ZERO + 4;
  uuid[VARIANT_AT] = variant;
  return uuid.toString('latin1');
};
