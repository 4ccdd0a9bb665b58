import { type ZodType, z } from 'zod';
import type { AvroContract } from './contract.ts';
import type { PayloadCheck } from './event.ts';

/** What a dispatch carries: JSON checked by Zod, or an Avro contract with a check. */
export type PayloadContract<P> =
  | ZodType<P>
  | { readonly avro: AvroContract<P>; readonly check: PayloadCheck };

/** Where a value breaks a check: paths and rules, never values (they may be personal data). */
export type CheckProblems = readonly string[];

const MOST_PROBLEMS = 10;

/** Checks the meaning of a payload; an empty list means it holds. */
export const checkPayload = (check: PayloadCheck, value: unknown): CheckProblems => {
  if (check === 'none') return [];
  const result = check.safeParse(value);
  if (result.success) return [];
  return result.error.issues
    .slice(0, MOST_PROBLEMS)
    .map((issue) => `${issue.path.join('.') || '(payload)'}: ${issue.code}`);
};

/** Whether a payload contract is a bare Zod schema (the payload travels as JSON). */
export const isZod = (contract: unknown): contract is z.ZodType => contract instanceof z.ZodType;
