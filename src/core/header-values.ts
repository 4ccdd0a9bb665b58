import { PackedHeaders } from './packed-headers.ts';
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
  // Known, so that its name is not looked at twice.
  ce_specversion: 28,
  'job-place': 29,
  'job-replay-of': 30,
  'job-replay-turn': 31,
  'job-forced-by': 32,
  'job-paused': 33,
  'job-edit-of': 34,
  'job-died-in': 35,
} as const;

const NUMBER_OF: ReadonlyMap<string, number> = new Map(Object.entries(READ));

/** The first value of each header that is read, for the length of one call: a map a record would cost more. */
const values: (Buffer | undefined)[] = Array(NUMBER_OF.size).fill(undefined);
/** Where the value stands in its bytes. */
const starts: number[] = Array(NUMBER_OF.size).fill(0);
const ends: number[] = Array(NUMBER_OF.size).fill(0);

const note = (name: string, bytes: Buffer, start: number, end: number): void => {
  const number = NUMBER_OF.get(name) ?? NUMBER_OF.get(name.toLowerCase());
  if (number === undefined || values[number] !== undefined) return;
  values[number] = bytes;
  starts[number] = start;
  ends[number] = end;
};

/** Finds the headers that are read; of repeated ones the first that is not null. Ends with {@link release}. */
export const collect = (headers: RecordHeaders | PackedHeaders): void => {
  if (headers instanceof PackedHeaders) headers.each(note);
  else for (const [name, value] of headers) if (value !== null) note(name, value, 0, value.length);
};

const lengthOf = (number: number): number => (ends[number] ?? 0) - (starts[number] ?? 0);

/** The text of a header, empty ones included. */
export const anyText = (number: number): string | undefined =>
  values[number]?.toString('utf8', starts[number], ends[number]);

/** The text of a header; an empty one counts as absent. */
export const text = (number: number): string | undefined =>
  lengthOf(number) === 0 ? undefined : anyText(number);

/** Types, sources and tenants: there are few, and many records. */
const repeated = new TextCache(2_048, 64);

/** As {@link text}, for what other records say too. */
export const repeatedText = (number: number): string | undefined => {
  const bytes = values[number];
  if (bytes === undefined || lengthOf(number) === 0) return undefined;
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
const digits = (bytes: Buffer, from: number, to: number): number => {
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
  const bytes = values[number];
  const length = lengthOf(number);
  if (bytes === undefined || length === 0 || length > MOST_DIGITS) return undefined;
  const value = digits(bytes, starts[number] ?? 0, ends[number] ?? 0);
  return value < 0 ? undefined : value;
};

/** Where digits stand in `2026-10-01T12:30:00.250Z`, which is how times are written; all others are parsed as a text. */
const ISO_LENGTH = 24;
const ISO_SIGNS = Buffer.from('    -  -  T  :  :  .   Z', 'latin1');
/** A day that every month has. */
const SAFE_DAY = 28;

const isoTime = (bytes: Buffer, at: number): number | undefined => {
  for (let index = 0; index < ISO_LENGTH; index++)
    if (ISO_SIGNS[index] !== 0x20 && bytes[at + index] !== ISO_SIGNS[index]) return undefined;
  const year = digits(bytes, at, at + 4);
  const month = digits(bytes, at + 5, at + 7);
  const day = digits(bytes, at + 8, at + 10);
  const hour = digits(bytes, at + 11, at + 13);
  const minute = digits(bytes, at + 14, at + 16);
  const second = digits(bytes, at + 17, at + 19);
  const ms = digits(bytes, at + 20, at + 23);
  const isDate = year >= 1_000 && month >= 1 && month <= 12 && day >= 1 && day <= SAFE_DAY;
  const isTime = hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 && second >= 0 && second <= 59;
  if (!isDate || !isTime || ms < 0) return undefined;
  return Date.UTC(year, month - 1, day) + ((hour * 60 + minute) * 60 + second) * 1_000 + ms;
};

/** A time as epoch ms. */
export const time = (number: number): number | undefined => {
  const bytes = values[number];
  if (bytes === undefined) return undefined;
  const iso = lengthOf(number) === ISO_LENGTH ? isoTime(bytes, starts[number] ?? 0) : undefined;
  const ms = iso ?? Date.parse(anyText(number) ?? '');
  return Number.isNaN(ms) ? undefined : ms;
};

/** Lets the values go: views into a fetch must not be kept alive by the last record of it. */
export const release = (): void => {
  values.fill(undefined);
  starts.fill(0);
  ends.fill(0);
};
