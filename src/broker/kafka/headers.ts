import type { HeaderEntry, RecordHeaders } from '../../core/record.ts';

/** Where the patched record decoder leaves the headers as they stood on the wire. */
const WIRE_HEADERS = Symbol('esteira.wireHeaders');

/** One header as the decoder of kafkajs reads it. */
export interface DecodedHeader {
  readonly key: string;
  readonly value: Buffer | null;
}

/** The shape kafkajs gives headers: a name that repeats has an array. */
export type HeaderObject = Record<string, Buffer | null | (Buffer | null)[]> & {
  [WIRE_HEADERS]?: RecordHeaders;
};

/** Objects whose properties are there; those of the others are made when somebody asks for one. */
const whole = new WeakSet<HeaderObject>();

const fill = (headers: HeaderObject): HeaderObject => {
  if (whole.has(headers)) return headers;
  whole.add(headers);
  const values = new Map<string, Buffer | null | (Buffer | null)[]>();
  for (const [name, value] of headers[WIRE_HEADERS] ?? []) {
    const before = values.get(name);
    if (before === undefined) values.set(name, value);
    else values.set(name, Array.isArray(before) ? [...before, value] : [before, value]);
  }
  for (const [name, value] of values)
    Object.defineProperty(headers, name, { value, enumerable: true, configurable: true, writable: true });
  return headers;
};

/** Esteira reads only the wire order, so that the object is not made for its records. */
const ON_DEMAND: ProxyHandler<HeaderObject> = {
  get: (headers, name) => Reflect.get(name === WIRE_HEADERS ? headers : fill(headers), name),
  has: (headers, name) => Reflect.has(name === WIRE_HEADERS ? headers : fill(headers), name),
  set: (headers, name, value) => Reflect.set(fill(headers), name, value),
  ownKeys: (headers) => Reflect.ownKeys(fill(headers)),
  deleteProperty: (headers, name) => Reflect.deleteProperty(fill(headers), name),
  defineProperty: (headers, name, property) => Reflect.defineProperty(fill(headers), name, property),
  getOwnPropertyDescriptor: (headers, name) => Reflect.getOwnPropertyDescriptor(fill(headers), name),
};

/**
 * Makes kafkajs' header object, with the wire order beside it. kafkajs' own loses the order of repeated names and
 * breaks on names such as `constructor`, which it finds on the prototype of the empty object.
 */
export const headerObject = (wire: RecordHeaders): HeaderObject =>
  new Proxy<HeaderObject>({ [WIRE_HEADERS]: wire }, ON_DEMAND);

/** Headers as kafkajs read them, in the order of the wire. */
export const wireOrder = (decoded: readonly DecodedHeader[]): RecordHeaders =>
  decoded.map(({ key, value }): HeaderEntry => [key, value]);

const asBytes = (value: Buffer | string | null | undefined): Buffer | null =>
  value === null || value === undefined ? null : Buffer.from(value);

/** The headers of a consumed message in wire order. */
export const wireHeaders = (headers: object | undefined): RecordHeaders => {
  if (headers === undefined) return [];
  const wire: RecordHeaders | undefined = Reflect.get(headers, WIRE_HEADERS);
  if (wire !== undefined) return wire;
  return Object.entries(headers).flatMap(([name, value]): HeaderEntry[] =>
    (Array.isArray(value) ? value : [value]).map((one) => [name, asBytes(one)] as const),
  );
};
