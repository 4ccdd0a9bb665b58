import type avsc from 'avsc';
import type { AvroContract } from '../core/contract.ts';
import { EsteiraError } from '../core/errors.ts';
import { type Log, silentLog } from '../core/ports/log.ts';
import type { Decoded, Serde } from '../core/ports/serde.ts';
import { contractType, type WriterSchema, writerSchema } from './avro-type.ts';
import { BoundedCache } from './bounded-cache.ts';
import { fastEncoder } from './fast-encoder.ts';
import { FRAME_HEADER_BYTES, type Frame, readFrame, writeFrameHeader } from './frame.ts';
import { type RecordReader, recordReader } from './record-reader.ts';
import { RecordWriter } from './record-writer.ts';
import type { SchemaSource } from './schema-source.ts';

export interface SerdeOptions {
  readonly source: SchemaSource;
  /** Told once for each schema that cannot be read as a contract, with the reason. */
  readonly log?: Pick<Log, 'warn'>;
}

const MOST_WRITER_SCHEMAS = 1_000;

/** What is built once for a contract. */
interface Codec {
  readonly contract: AvroContract<unknown>;
  readonly type: avsc.Type;
  readonly writer: RecordWriter;
  readonly readers: BoundedCache<number, RecordReader>;
  /** The id its own schema is registered under, once known. */
  id?: number;
}

type GoodFrame = Extract<Frame, { ok: true }>;

/** Makes the serde of an app; see the port for what it promises. Subject of a contract is its full name. */
export const createSerde = (options: SerdeOptions): Serde => new AvroSerde(options);

class AvroSerde implements Serde {
  readonly #source: SchemaSource;
  readonly #log: Pick<Log, 'warn'>;
  readonly #codecs = new WeakMap<AvroContract<unknown>, Codec>();
  readonly #writers = new BoundedCache<number, WriterSchema>(MOST_WRITER_SCHEMAS);

  constructor(options: SerdeOptions) {
    this.#source = options.source;
    this.#log = options.log ?? silentLog;
  }

  encode<T>(contract: AvroContract<T>, value: T): Buffer | Promise<Buffer> {
    const codec = this.#codec(contract);
    // Written before the registry is asked, so that a later change of the value changes nothing.
    const frame = codec.writer.write(value);
    if (codec.id === undefined) return this.#encodeLater(codec, frame);
    writeFrameHeader(frame, codec.id);
    return frame;
  }

  async #encodeLater(codec: Codec, frame: Buffer): Promise<Buffer> {
    const id = await this.#registeredId(codec);
    if (id === undefined) throw notRegistered([codec.contract.name]);
    writeFrameHeader(frame, id);
    return frame;
  }

  decode<T>(contract: AvroContract<T>, bytes: Buffer | null): Decoded<T> | Promise<Decoded<T>> {
    const frame = readFrame(bytes);
    if (!frame.ok) return frame;
    const codec = this.#codec(contract);
    const reader = codec.readers.get(frame.schemaId) ?? this.#readerIfKnown(codec, frame.schemaId);
    return reader === undefined ? this.#decodeLater(codec, frame) : decodeBody(reader, frame);
  }

  async #decodeLater<T>(codec: Codec, frame: GoodFrame): Promise<Decoded<T>> {
    const { schemaId } = frame;
    const writer = await this.#writer(schemaId);
    if (writer === undefined) {
      return { ok: false, code: 'SCHEMA_ID_UNKNOWN', detail: `the registry has no schema ${schemaId}` };
    }
    return decodeBody(codec.readers.get(schemaId) ?? this.#addReader(codec, writer), frame);
  }

  recordName(bytes: Buffer | null): string | undefined | Promise<string | undefined> {
    const frame = readFrame(bytes);
    if (!frame.ok) return undefined;
    const known = this.#writers.get(frame.schemaId);
    return known === undefined ? this.#writer(frame.schemaId).then((writer) => writer?.name) : known.name;
  }

  async warm(contracts: readonly AvroContract<unknown>[]): Promise<void> {
    const codecs = contracts.map((contract) => this.#codec(contract));
    const ids = await Promise.all(codecs.map((codec) => codec.id ?? this.#registeredId(codec)));
    const missing = contracts.filter((_, index) => ids[index] === undefined).map((contract) => contract.name);
    if (missing.length > 0) throw notRegistered(missing);
  }

  #codec(contract: AvroContract<unknown>): Codec {
    const known = this.#codecs.get(contract);
    if (known !== undefined) return known;
    const type = contractType(contract);
    const codec: Codec = {
      contract,
      type,
      writer: new RecordWriter(type, fastEncoder(type)),
      readers: new BoundedCache(MOST_WRITER_SCHEMAS),
    };
    this.#codecs.set(contract, codec);
    return codec;
  }

  /** The id of exactly this contract's schema; what was written with it needs no look-up any more. */
  async #registeredId(codec: Codec): Promise<number | undefined> {
    const { name, schema } = codec.contract;
    const id = await this.#source.idOf(name, schema);
    if (id === undefined) return undefined;
    codec.id = id;
    if (this.#writers.get(id) === undefined) this.#writers.set(id, writerSchema(id, schema));
    return id;
  }

  async #writer(id: number): Promise<WriterSchema | undefined> {
    const known = this.#writers.get(id);
    if (known !== undefined) return known;
    const schema = await this.#source.schemaById(id);
    if (schema === undefined) return undefined;
    const writer = writerSchema(id, schema);
    this.#writers.set(id, writer);
    return writer;
  }

  #readerIfKnown(codec: Codec, schemaId: number): RecordReader | undefined {
    const writer = this.#writers.get(schemaId);
    return writer === undefined ? undefined : this.#addReader(codec, writer);
  }

  #addReader(codec: Codec, writer: WriterSchema): RecordReader {
    const reader = recordReader(codec.type, writer);
    codec.readers.set(writer.id, reader);
    if (!reader.ok) {
      this.#log.warn('schema cannot be read', {
        schemaId: writer.id,
        contract: codec.contract.name,
        problem: reader.problem,
      });
    }
    return reader;
  }
}

const decodeBody = <T>(reader: RecordReader, { schemaId, bytes }: GoodFrame): Decoded<T> => {
  if (!reader.ok) return { ok: false, code: 'SCHEMA_MISMATCH', detail: reader.problem };
  const body = reader.read(bytes, FRAME_HEADER_BYTES);
  if (!body.ok) return { ok: false, code: 'BODY_MALFORMED', detail: `${body.detail} (schema ${schemaId})` };
  // The schema made it: what a contract's schema reads is what its type parameter was generated from.
  return { ok: true, value: body.value as T, schemaId };
};

const notRegistered = (subjects: readonly string[]): EsteiraError =>
  new EsteiraError(
    'ESTEIRA_SCHEMA_NOT_REGISTERED',
    `Not registered as they are here: ${subjects.join(', ')}. Run \`esteira schemas register\`.`,
    { facts: { subjects: [...subjects] } },
  );
