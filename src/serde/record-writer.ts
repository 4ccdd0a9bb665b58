import type avsc from 'avsc';
import { EsteiraError } from '../core/errors.ts';
import type { FastEncoder } from './fast-encoder.ts';
import { NOT_WRITTEN } from './fast-fields.ts';
import { FRAME_HEADER_BYTES } from './frame.ts';
import { invalidPaths } from './invalid-paths.ts';

const LARGEST_KEPT_SCRATCH_BYTES = 1024 * 1024;

/** Shared by all writers: writing is synchronous, and each result is copied out. */
let scratch = Buffer.allocUnsafeSlow(16 * 1024);

/**
 * Writes a value behind an empty frame header, in one pass; `fast` is the type's own encoder where it has one.
 *
 * Fields left out get their defaults; fields the schema does not have are left out.
 *
 * @throws EsteiraError ESTEIRA_PAYLOAD_INVALID with `facts.paths`: names and positions, never values or map keys.
 */
export const writeRecord = (type: avsc.Type, fast: FastEncoder | undefined, value: unknown): Buffer => {
  const end = fast === undefined ? NOT_WRITTEN : writeFast(fast, value);
  return end === NOT_WRITTEN ? writeSlowly(type, value) : copyOf(end);
};

/** What a fast encoder does not take is judged by avsc, which also knows what is wrong with it and where. */
const writeFast = (fast: FastEncoder, value: unknown): number => {
  try {
    const end = fast(scratch, FRAME_HEADER_BYTES, value);
    return end <= scratch.length ? end : NOT_WRITTEN;
  } catch {
    return NOT_WRITTEN;
  }
};

const copyOf = (end: number): Buffer => {
  const copy = Buffer.allocUnsafe(end);
  scratch.copy(copy, 0, 0, end);
  return copy;
};

const writeSlowly = (type: avsc.Type, value: unknown): Buffer => {
  const end = writeInto(type, value, scratch);
  if (end >= 0) return copyOf(end);
  const larger = Buffer.allocUnsafeSlow(scratch.length - end);
  const complete = larger.subarray(0, writeInto(type, value, larger));
  if (larger.length > LARGEST_KEPT_SCRATCH_BYTES) return complete;
  scratch = larger;
  return Buffer.from(complete);
};

/** Answers where the record ends, or, below 0, how many bytes are missing. */
const writeInto = (type: avsc.Type, value: unknown, target: Buffer): number => {
  try {
    return type.encode(value, target, FRAME_HEADER_BYTES);
  } catch {
    // avsc's error holds the value, which may be personal data: it is not passed on, not even as the cause.
    throw invalidPayload(type, value);
  }
};

const invalidPayload = (type: avsc.Type, value: unknown): EsteiraError => {
  const invalid = invalidPaths(type, value);
  const places = invalid.map(({ path, expected }) => `${path} (must be ${expected})`).join(', ');
  return new EsteiraError('ESTEIRA_PAYLOAD_INVALID', `The payload is not a ${type.name}: ${places}.`, {
    facts: { contract: type.name ?? '', paths: invalid.map(({ path }) => path) },
  });
};
