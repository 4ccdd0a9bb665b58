/** A field of a protobuf message: its number, and its value as the wire has it. */
interface Field {
  readonly number: number;
  readonly value: Buffer | bigint;
}

/** Reads a message: varints as big integers, all else as bytes. */
function* fieldsOf(bytes: Buffer): Generator<Field> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Buffer => {
    at += length;
    if (at > bytes.length) throw new RangeError('a field is longer than its message');
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const wire = tag & 7;
    if (wire === 3 || wire === 4 || wire > 5) throw new TypeError(`wire type ${wire}`);
    const value = wire === 0 ? varint() : take(wire === 2 ? Number(varint()) : wire === 1 ? 8 : 4);
    yield { number: tag >>> 3, value };
  }
}

type Shape = Readonly<Record<number, readonly [string, (value: Buffer | bigint) => unknown, 'many'?]>>;

const asBytes = (value: Buffer | bigint): Buffer => {
  if (typeof value === 'bigint') throw new TypeError('a number where bytes belong');
  return value;
};
const text = (value: Buffer | bigint): string => asBytes(value).toString('utf8');
const hex = (value: Buffer | bigint): string => asBytes(value).toString('hex');
const number = (value: Buffer | bigint): number => Number(BigInt.asIntN(64, BigInt(String(value))));
const double = (value: Buffer | bigint): number => asBytes(value).readDoubleLE();

/** As OTLP's JSON would have it. */
const message =
  (shape: Shape) =>
  (value: Buffer | bigint): Readonly<Record<string, unknown>> => {
    const made: Record<string, unknown> = {};
    for (const field of fieldsOf(asBytes(value))) {
      const [name, read, many] = shape[field.number] ?? [];
      if (name === undefined || read === undefined) continue;
      const one = read(field.value);
      const before = made[name];
      made[name] = many === undefined ? one : [...(Array.isArray(before) ? before : []), one];
    }
    return made;
  };

const anyValue = message({
  1: ['stringValue', text],
  2: ['boolValue', (value) => value === 1n],
  3: ['intValue', number],
  4: ['doubleValue', double],
});
const attribute = message({ 1: ['key', text], 2: ['value', anyValue] });
const event = message({ 2: ['name', text], 3: ['attributes', attribute, 'many'] });
const link = message({ 1: ['traceId', hex], 2: ['spanId', hex], 4: ['attributes', attribute, 'many'] });
const span = message({
  1: ['traceId', hex],
  2: ['spanId', hex],
  4: ['parentSpanId', hex],
  5: ['name', text],
  6: ['kind', number],
  9: ['attributes', attribute, 'many'],
  11: ['events', event, 'many'],
  13: ['links', link, 'many'],
  15: ['status', message({ 2: ['message', text], 3: ['code', number] })],
});
const scopeSpans = message({ 2: ['spans', span, 'many'] });
const resource = message({ 1: ['attributes', attribute, 'many'] });

/** An ExportTraceServiceRequest of OTLP, by the numbers of its definition (opentelemetry-proto 1.x). */
export const decodeTraces = message({
  1: ['resourceSpans', message({ 1: ['resource', resource], 2: ['scopeSpans', scopeSpans, 'many'] }), 'many'],
});
