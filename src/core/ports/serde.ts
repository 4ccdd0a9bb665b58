import type { AvroContract } from '../contract.ts';

/** What decoding a value came to. `undecodable` is final: the bytes will never be the schema's. */
export type Decoded<T> =
  | { readonly ok: true; readonly value: T; readonly schemaId: number }
  | { readonly ok: false; readonly code: UndecodableCode; readonly detail: string };

/** Why bytes cannot be decoded; `detail` beside it says more and holds no payload bytes. */
export type UndecodableCode =
  | 'TOMBSTONE'
  | 'BAD_MAGIC_BYTE'
  | 'FRAME_TOO_SHORT'
  | 'SCHEMA_ID_UNKNOWN'
  | 'SCHEMA_MISMATCH'
  | 'BODY_MALFORMED'
  | 'TYPE_UNKNOWN';

/**
 * Turns values into Confluent-framed Avro (0, int32 id, body) and back, with schema evolution both ways.
 * Answers at once when the schema is known, and with a promise when the registry must be asked.
 */
export interface Serde {
  /**
   * @throws EsteiraError ESTEIRA_PAYLOAD_INVALID (value breaks the schema; says where), ESTEIRA_SCHEMA_NOT_REGISTERED
   *   (run `esteira schemas register`), ESTEIRA_REGISTRY_UNAVAILABLE.
   */
  encode<T>(contract: AvroContract<T>, value: T): Buffer | Promise<Buffer>;
  /** @throws EsteiraError ESTEIRA_REGISTRY_UNAVAILABLE: nothing is known about the bytes, ask again later. */
  decode<T>(contract: AvroContract<T>, bytes: Buffer | null): Decoded<T> | Promise<Decoded<T>>;
  /** The full Avro name of the schema the bytes were written with; undefined when it cannot be known. */
  recordName(bytes: Buffer | null): string | undefined | Promise<string | undefined>;
  /** Looks up the ids of these contracts, so that nothing waits later. */
  warm(contracts: readonly AvroContract<unknown>[]): Promise<void>;
}
