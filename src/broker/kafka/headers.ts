import type { HeaderEntry, RecordHeaders } from '../../core/record.ts';

/** Where the patched record decoder leaves the headers as they stood on the wire. */
const WIRE_HEADERS = Symbol('esteira.wireHeaders');

/** One header as the decoder reads it. */
export interface DecodedHeader {
  readonly key: string;
  readonly value: Buffer | null;
}

/** The shape kafkajs gives headers: a name that repeats has an array. */
export type HeaderObject = Record<string, Buffer | null | (Buffer | null)[]> & {
  [WIRE_HEADERS]?: RecordHeaders;
};

/**
 * Makes kafkajs' header object, with the wire order beside it. kafkajs' own loses the order of repeated names and
 * breaks on names such as `constructor`, which it finds on the prototype of the empty object.
 */
export const headerObject = (decoded: readonly DecodedHeader[]): HeaderObject => {
  const values = new Map<string, Buffer | null | (Buffer | null)[]>();
  for (const { key, value } of decoded) {
    const before = values.get(key);
    if (before === undefined) values.set(key, value);
    else values.set(key, Array.isArray(before) ? [...before, value] : [before, value]);
  }
  const headers: HeaderObject = Object.fromEntries(values);
  headers[WIRE_HEADERS] = decoded.map(({ key, value }) => [key, value] as const);
  return headers;
};

const asBytes = (value: Buffer | string | null | undefined): Buffer | null =>
  value === null || value === undefined ? null : Buffer.from(value);

/** The headers of a consumed message in wire order. */
export const wireHeaders = (headers: object | undefined): RecordHeaders => {
  if (headers === undefined) return [];
  if (WIRE_HEADERS in headers) return Object(headers)[WIRE_HEADERS];
  return Object.entries(headers).flatMap(([name, value]): HeaderEntry[] =>
    (Array.isArray(value) ? value : [value]).map((one) => [name, asBytes(one)] as const),
  );
};
