import type avsc from 'avsc';
import { EsteiraError } from '../core/errors.ts';
import type { FastEncoder } from './fast-encoder.ts';
import { NOT_WRITTEN } from './fast-fields.ts';
import { FRAME_HEADER_BYTES } from './frame.ts';
import { invalidPaths } from './invalid-paths.ts';

const LARGEST_KEPT_SCRATCH_BYTES = 1024 * 1024;

/**
 * Records are mostly written where they stay: one behind the other in a piece of memory, of which each is a view. The
 * piece is small, as each of them keeps it: what waits in an outage comes in company, and what stays longer is rare.
 */
const PIECE_BYTES = 32 * 1024;
/**
 * A record that is larger gets memory of its own; a piece with less room is given up: stores past the end of memory,
 * once seen, make all stores of the encoders slower.
 */
const MOST_IN_PIECE = 2 * 1024;
let piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
let pieceUsed = 0;

/** For what does not stand in a piece. Shared by all writers: writing is synchronous, and each result is copied out. */
let scratch = Buffer.allocUnsafeSlow(16 * 1024);

/** Writes values of a type behind an empty frame header. */
export class RecordWriter {
  readonly #type: avsc.Type;
  readonly #fast: FastEncoder | undefined;
  /** Whether the last one was too large for a piece: the next one will mostly be. */
  #isLarge = false;

  /** `fast` is the type's own encoder where it has one. */
  constructor(type: avsc.Type, fast: FastEncoder | undefined) {
    this.#type = type;
    this.#fast = fast;
  }

  /**
   * Writes it in one pass. Fields left out get their defaults; fields the schema does not have are left out.
   *
   * @throws EsteiraError ESTEIRA_PAYLOAD_INVALID with `facts.paths`: names and positions, never values or map keys.
   */
  write(value: unknown): Buffer {
    const fast = this.#fast;
    if (fast === undefined) return writeSlowly(this.#type, value);
    const record = this.#isLarge ? undefined : writeInPiece(fast, value);
    if (record !== undefined) return record;
    const end = writeFast(fast, value, scratch, 0);
    if (end === NOT_WRITTEN) return writeSlowly(this.#type, value);
    this.#isLarge = end > MOST_IN_PIECE;
    return copyOf(end);
  }
}

const renewPiece = (): void => {
  piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
  pieceUsed = 0;
};

/** Undefined when it is not written, or too large for what is left. */
const writeInPiece = (fast: FastEncoder, value: unknown): Buffer | undefined => {
  if (piece.length - pieceUsed < MOST_IN_PIECE) renewPiece();
  const end = writeFast(fast, value, piece, pieceUsed);
  if (end === NOT_WRITTEN) return undefined;
  const record = piece.subarray(pieceUsed, end);
  pieceUsed = end;
  return record;
};

/** What a fast encoder does not take is judged by avsc, which also knows what is wrong with it and where. */
const writeFast = (fast: FastEncoder, value: unknown, target: Buffer, start: number): number => {
  try {
    const end = fast(target, start + FRAME_HEADER_BYTES, value);
    return end <= target.length ? end : NOT_WRITTEN;
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
