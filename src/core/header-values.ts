import { NameNumbers } from './name-numbers.ts';
import { type HeaderVisitor, PackedHeaders } from './packed-headers.ts';
import type { RecordHeaders } from './record.ts';
import { TextCache } from './text-cache.ts';

/** The headers that are read here, by lower-case name: each has a number, which is cheaper to find than a text. */
export const READ = {
  ...{ ce_id: 0, ce_type: 1, ce_source: 2, ce_time: 3, ce_tenantid: 4, ce_correlationid: 5 },
  ...{ ce_causationid: 6, ce_userid: 7, traceparent: 8, 'content-type': 9, 'job-id': 10, 'job-type': 11 },
  ...{ 'job-attempt': 12, 'job-starts': 13, 'job-hop': 14, 'job-due': 15, 'job-target': 16 },
  ...{ 'job-order-key': 17, 'job-priority': 18, 'job-origin': 19, 'job-first-failed-at': 20 },
  ...{ 'job-error-code': 21, 'job-error-class': 22, 'job-error-message': 23, 'job-error-fingerprint': 24 },
  ...{ 'job-dead-reason': 25, 'job-replay-id': 26, 'job-replay-count': 27 },
  ce_specversion: 28,
  'job-place': 29,
  'job-replay-of': 30,
  'job-replay-turn': 31,
  'job-forced-by': 32,
  'job-paused': 33,
  'job-edit-of': 34,
  'job-died-in': 35,
} as const;

/** Which of them a name is, by its bytes as they stand on the wire. */
const names = new NameNumbers(READ);

const COUNT = Object.keys(READ).length;

/**
 * Where the first value of each header that is read stands, for the length of one call: an object a record would cost
 * more. A number of another record's round says that the header is not there.
 */
const rounds: number[] = Array(COUNT).fill(0);
const starts: number[] = Array(COUNT).fill(0);
const ends: number[] = Array(COUNT).fill(0);
let round = 0;

const NO_BYTES = Buffer.alloc(0);
/** What the values stand in. */
let bytes: Buffer = NO_BYTES;

const note: HeaderVisitor = (source, nameStart, nameEnd, start, end) => {
  const number = names.at(source, nameStart, nameEnd);
  if (number < 0 || rounds[number] === round) return;
  rounds[number] = round;
  starts[number] = start;
  ends[number] = end;
};

const collectList = (headers: RecordHeaders): void => {
  const pieces: Buffer[] = [];
  for (const [name, value] of headers) if (value !== null) pieces.push(Buffer.from(name), value);
  bytes = Buffer.concat(pieces);
  let at = 0;
  for (let index = 0; index < pieces.length; index += 2) {
    const nameEnd = at + (pieces[index]?.length ?? 0);
    const end = nameEnd + (pieces[index + 1]?.length ?? 0);
    note(bytes, at, nameEnd, nameEnd, end);
    at = end;
  }
};

/** Finds the headers that are read; of repeated ones the first that is not null. Ends with {@link release}. */
export const collect = (headers: RecordHeaders | PackedHeaders): void => {
  round += 1;
  if (headers instanceof PackedHeaders) {
    bytes = headers.bytes;
    headers.each(note);
  } else collectList(headers);
};

const lengthOf = (number: number): number =>
  rounds[number] === round ? (ends[number] ?? 0) - (starts[number] ?? 0) : 0;

/** The text of a header, empty ones included. */
export const anyText = (number: number): string | undefined =>
  rounds[number] === round ? bytes.toString('utf8', starts[number], ends[number]) : undefined;

/** The text of a header; an empty one counts as absent. */
export const text = (number: number): string | undefined =>
  lengthOf(number) === 0 ? undefined : anyText(number);

/** Types, sources and tenants: there are few, and many records. */
const repeated = new TextCache(2_048, 64);

/** As {@link text}, for what other records say too. */
export const repeatedText = (number: number): string | undefined => {
  if (lengthOf(number) === 0) return undefined;
  return repeated.at(bytes, starts[number] ?? 0, ends[number] ?? 0);
};

/** Ids of a foreign hand go into every record that is written of the job: they are cut to what fits. */
const LONGEST_ID = 256;

/** As {@link text}, cut to what fits. */
export const boundedText = (number: number): string | undefined => {
  const whole = text(number);
  return whole !== undefined && whole.length > LONGEST_ID ? whole.slice(0, LONGEST_ID) : whole;
};

const ZERO = 0x30;
const MOST_DIGITS = 15;

/** The number that the digits from `from` up to `to` spell; below 0 when there is anything else. */
const digits = (from: number, to: number): number => {
  let number = 0;
  for (let index = from; index < to; index++) {
    const digit = (bytes[index] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return number;
};

/** Digits, at most 15 of them, as a number. */
export const wholeNumber = (number: number): number | undefined => {
  const length = lengthOf(number);
  if (length === 0 || length > MOST_DIGITS) return undefined;
  const value = digits(starts[number] ?? 0, ends[number] ?? 0);
  return value < 0 ? undefined : value;
};

/** `2026-10-01T12:30:00.250Z`, which is how times are written; all others are parsed as a text. */
const ISO_LENGTH = 24;
const DASH = 0x2d;
const COLON = 0x3a;
/** A day that every month has. */
const SAFE_DAY = 28;

const hasIsoSigns = (at: number): boolean =>
  bytes[at + 4] === DASH &&
  bytes[at + 7] === DASH &&
  bytes[at + 10] === 0x54 &&
  bytes[at + 13] === COLON &&
  bytes[at + 16] === COLON &&
  bytes[at + 19] === 0x2e &&
  bytes[at + 23] === 0x5a;

/** The day that was read last, as one number: most records are of the same one. */
let lastDay = -1;
let lastDayMs = 0;

const dayMs = (year: number, month: number, day: number): number => {
  const number = (year * 100 + month) * 100 + day;
  if (number !== lastDay) {
    lastDay = number;
    lastDayMs = Date.UTC(year, month - 1, day);
  }
  return lastDayMs;
};

const isoTime = (at: number): number | undefined => {
  if (!hasIsoSigns(at)) return undefined;
  const year = digits(at, at + 4);
  const month = digits(at + 5, at + 7);
  const day = digits(at + 8, at + 10);
  const hour = digits(at + 11, at + 13);
  const minute = digits(at + 14, at + 16);
  const second = digits(at + 17, at + 19);
  const ms = digits(at + 20, at + 23);
  const isDate = year >= 1_000 && month >= 1 && month <= 12 && day >= 1 && day <= SAFE_DAY;
  const isTime = hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 && second >= 0 && second <= 59;
  if (!isDate || !isTime || ms < 0) return undefined;
  return dayMs(year, month, day) + ((hour * 60 + minute) * 60 + second) * 1_000 + ms;
};

/** A time as epoch ms. */
export const time = (number: number): number | undefined => {
  const length = lengthOf(number);
  if (length === 0) return undefined;
  const iso = length === ISO_LENGTH ? isoTime(starts[number] ?? 0) : undefined;
  const ms = iso ?? Date.parse(anyText(number) ?? '');
  return Number.isNaN(ms) ? undefined : ms;
};

/** Lets the values go: views into a fetch must not be kept alive by the last record of it. */
export const release = (): void => {
  bytes = NO_BYTES;
};
