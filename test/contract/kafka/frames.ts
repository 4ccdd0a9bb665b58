/** Kafka's request kinds that the tests tamper with or look at. */
export const PRODUCE = 0;
export const FETCH = 1;
export const OFFSET_COMMIT = 8;
export const HEARTBEAT = 12;

/** A request as it leaves: length, kind, version, correlation, client, body. */
export interface Request {
  readonly kind: number;
  readonly correlation: number;
  readonly bytes: Buffer;
}

/** Reads the head of a request frame; kafkajs writes a whole frame at once. */
export const requestOf = (bytes: Buffer): Request => ({
  kind: bytes.readInt16BE(4),
  correlation: bytes.readInt32BE(8),
  bytes,
});

/** Cuts a stream into length-prefixed frames. */
export class FrameCutter {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): readonly Buffer[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const frames: Buffer[] = [];
    while (this.#rest.length >= 4 && this.#rest.length >= 4 + this.#rest.readInt32BE(0)) {
      const end = 4 + this.#rest.readInt32BE(0);
      frames.push(this.#rest.subarray(0, end));
      this.#rest = this.#rest.subarray(end);
    }
    return frames;
  }
}

class Reader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  int16(): number {
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  skip(bytes: number): void {
    this.#at += bytes;
  }

  text(): string {
    const length = Math.max(0, this.int16());
    this.#at += length;
    return this.#bytes.toString('utf8', this.#at - length, this.#at);
  }
}

const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

const COORDINATOR_NOT_AVAILABLE = 15;

/** The answer of a broker that takes no commits, to an offset commit of version 5. */
export const refusedCommit = (request: Request): Buffer => {
  const read = new Reader(request.bytes, 12);
  read.text();
  read.text();
  read.skip(4);
  read.text();
  const parts = [int32(request.correlation), int32(0)];
  const topics = read.int32();
  parts.push(int32(topics));
  for (let topic = 0; topic < topics; topic++) {
    const name = Buffer.from(read.text());
    const partitions = read.int32();
    parts.push(int16(name.length), name, int32(partitions));
    for (let one = 0; one < partitions; one++) {
      parts.push(int32(read.int32()), int16(COORDINATOR_NOT_AVAILABLE));
      read.skip(8);
      read.text();
    }
  }
  const body = Buffer.concat(parts);
  return Buffer.concat([int32(body.length), body]);
};

const GROUP_AUTHORIZATION_FAILED = 30;

/** A heartbeat's answer that says: this client may not use the group any more. */
export const forbiddenHeartbeat = (answer: Buffer): Buffer => {
  const changed = Buffer.from(answer);
  changed.writeInt16BE(GROUP_AUTHORIZATION_FAILED, changed.length - 2);
  return changed;
};
