import type { DuckDBValueConverter } from '@duckdb/node-api';
import type { DuckDB } from '../duckdb.ts';

/** What JSON can say. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

const isSafe = (value: bigint): boolean =>
  value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER);

const MICROS = 1_000n;
/** Times that JavaScript can say, ms on either side of 1970. */
const FURTHEST_MS = 8_640_000_000_000_000n;

/**
 * Makes JSON of DuckDB's values: times with a zone in ISO 8601 (UTC, ms), whole numbers as numbers while those are
 * exact and as texts beyond, maps as objects.
 */
export const jsonConverter = (duckdb: DuckDB): DuckDBValueConverter<JsonValue> => {
  const { JsonDuckDBValueConverter, DuckDBTimestampTZValue, DuckDBMapValue, DuckDBDecimalValue } = duckdb;
  const isMap = (type: unknown): type is InstanceType<typeof duckdb.DuckDBMapType> =>
    type instanceof duckdb.DuckDBMapType;
  const convert: DuckDBValueConverter<JsonValue> = (value, type, converter) => {
    if (value === null) return null;
    if (typeof value === 'bigint') return isSafe(value) ? Number(value) : value.toString();
    if (value instanceof DuckDBDecimalValue) return value.toDouble();
    if (value instanceof DuckDBTimestampTZValue) {
      const ms = value.micros / MICROS;
      return ms <= FURTHEST_MS && ms >= -FURTHEST_MS ? new Date(Number(ms)).toISOString() : value.toString();
    }
    if (value instanceof DuckDBMapValue && isMap(type))
      return Object.fromEntries(
        value.entries.map(({ key, value: one }) => [String(key), converter(one, type.valueType, converter)]),
      );
    if (value instanceof duckdb.DuckDBListValue && type instanceof duckdb.DuckDBListType)
      return value.items.map((item) => converter(item, type.valueType, converter));
    return JsonDuckDBValueConverter(value, type, JsonDuckDBValueConverter);
  };
  return convert;
};
