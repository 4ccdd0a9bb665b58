import type avsc from 'avsc';
import type { WriterSchema } from './avro-type.ts';
import { BodyCursor, MalformedBody } from './body-cursor.ts';
import { type ItemReader, itemReader, readWholeBody } from './guarded-types.ts';

/** Reads the bodies of one writer's schema, from a place in bytes to their end, as one contract; or says why that can never be. */
export type RecordReader =
  | { readonly ok: true; readonly read: (bytes: Buffer, from: number) => ReadBody }
  | { readonly ok: false; readonly problem: string };

/** A body as a value of the reader's schema. */
type ReadBody =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly detail: string };

/** Builds the reader once; that takes about a millisecond, each body afterwards about one millionth of a second. */
export const recordReader = (reader: avsc.Type, writer: WriterSchema): RecordReader => {
  if (writer.type === undefined) return { ok: false, problem: writer.problem ?? 'not readable' };
  if (writer.name !== reader.name) {
    return { ok: false, problem: `schema ${writer.id} is of ${writer.name}, not of ${reader.name}` };
  }
  if (reader.equals(writer.type)) return { ok: true, read: bodyReader(itemReader(reader)) };
  try {
    return { ok: true, read: bodyReader(itemReader(reader.createResolver(writer.type))) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown';
    return { ok: false, problem: `schema ${writer.id} cannot be read as ${reader.name}: ${reason}` };
  }
};

/**
 * Whatever the bytes make avsc do ends here: a RangeError from deep recursion, or a TypeError from a union index
 * that does not exist, says only that the bytes are not the schema's.
 */
const bodyReader =
  (reader: ItemReader) =>
  (bytes: Buffer, from: number): ReadBody => {
    try {
      return { ok: true, value: readWholeBody(reader, new BodyCursor(bytes, from)) };
    } catch (error) {
      return { ok: false, detail: detailOf(error) };
    }
  };

/** Messages of avsc's plain errors name what is wrong and hold no payload; those of other classes say nothing. */
const detailOf = (error: unknown): string => {
  if (error instanceof MalformedBody) return error.message;
  if (error instanceof Error && error.name === 'Error') return error.message.slice(0, 120);
  return 'the bytes lead nowhere';
};
