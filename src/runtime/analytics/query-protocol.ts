import { z } from 'zod';
import { ERROR_CATALOGUE, type ErrorCode } from '../../core/errors.ts';
import type { JsonValue } from '../../telemetry/projection/query/json-values.ts';

/** Longest time a query may ask for, ms. */
const LONGEST_MS = 600_000;

/** The body of `POST /query`. */
export const QueryBody = z.strictObject({
  sql: z.string(),
  timeLimitMs: z.int().min(1).max(LONGEST_MS).optional(),
  maxRows: z.int().min(1).optional(),
});

/** JSON by its making; looking at every value of a million rows would cost more than the query. */
const Rows = z.custom<readonly (readonly JsonValue[])[]>((value) => Array.isArray(value));

const Code = z.custom<ErrorCode>(
  (value) => typeof value === 'string' && Object.hasOwn(ERROR_CATALOGUE, value),
);

/** A line of the answer: columns, then rows, then the end, or what went wrong. */
export const AnswerLine = z.union([
  z.strictObject({ columns: z.array(z.strictObject({ name: z.string(), type: z.string() })) }),
  z.strictObject({ rows: Rows }),
  z.strictObject({ end: z.strictObject({ rows: z.int(), isCut: z.boolean(), elapsedMs: z.number() }) }),
  z.strictObject({
    error: z.strictObject({
      code: Code,
      message: z.string(),
      facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])),
    }),
  }),
]);
