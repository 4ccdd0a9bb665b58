/**
 * Takes the fields of one record apart from the record itself: for tables that are filled column by column, where an object
 * a record would cost more than the rest. Fields are called by their place in the schema and come in its order.
 */
export interface RowSink {
  /** A text, as the bytes [from, to); false refuses it, which ends the row. */
  text(field: number, bytes: Buffer, from: number, to: number): boolean;
  /** An int, a long or a double. */
  number(field: number, value: number): boolean;
  /** A null. */
  none(field: number): void;
  /** The next entry of a map of texts. */
  textEntry(field: number, bytes: Buffer, key: ByteSpan, value: ByteSpan): boolean;
  /** The next entry of a map of numbers. */
  numberEntry(field: number, bytes: Buffer, key: ByteSpan, value: number): boolean;
}

/** Bytes [from, to) of a body. */
export interface ByteSpan {
  readonly from: number;
  readonly to: number;
}

/** Reads one Avro body into a sink; answers why it could not, or undefined. After a failure the row is to be dropped. */
export type RowReader = (body: Buffer, sink: RowSink) => string | undefined;
