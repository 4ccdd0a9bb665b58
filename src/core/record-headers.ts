/** One header as it stands on the wire; names may repeat, values are bytes. */
export type HeaderEntry = readonly [name: string, value: Buffer | null];

/** The headers of a record in wire order. */
export type RecordHeaders = readonly HeaderEntry[];
