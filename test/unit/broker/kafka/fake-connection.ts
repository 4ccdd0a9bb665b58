import type { RawBroker, RawConnection } from '../../../../src/broker/kafka/client-internals.ts';
import type { ProduceRow } from '../../../../src/broker/kafka/produce-request.ts';

type Pushed = Parameters<RawConnection['requestQueue']['push']>[0];

/** A connection of kafkajs that takes requests and answers each at once, or fails it. */
export class FakeConnection implements RawConnection {
  readonly clientId = 'esteira-test';
  sasl: object | null = null;
  isConnected = true;
  /** What was asked of the connection, in its order. */
  readonly calls: string[] = [];
  readonly throttles: number[] = [];
  readonly #answer: (request: Buffer) => Buffer;
  #correlationId = 7;
  #written: Buffer = Buffer.alloc(0);

  /** `answer` gets a request as it stands on the wire. */
  constructor(answer: (request: Buffer) => Buffer) {
    this.#answer = answer;
  }

  readonly socket = {
    write: (request: Buffer): void => {
      this.calls.push('write');
      this.#written = request;
    },
  };

  readonly requestQueue = {
    push: ({ entry, sendRequest }: Pushed): void => {
      sendRequest();
      try {
        entry.resolve({ payload: this.#answer(this.#written) });
      } catch (error) {
        entry.reject(error);
      }
    },
    maybeThrottle: (throttleMs: number): void => {
      this.throttles.push(throttleMs);
    },
  };

  isAuthenticated(): boolean {
    return this.calls.includes('authenticate');
  }

  async authenticate(): Promise<void> {
    this.calls.push('authenticate');
  }

  failIfNotConnected(): void {
    if (!this.isConnected) throw new Error('Not connected');
  }

  nextCorrelationId(): number {
    return this.#correlationId++;
  }
}

export const brokerOn = (connection: RawConnection): RawBroker =>
  ({ connectionPool: { getConnection: async () => connection } }) as unknown as RawBroker;

/** The answer of version 7 with these rows, each under a topic of its own. */
export const produceAnswer = (rows: readonly ProduceRow[], throttleMs = 0): Buffer => {
  const int32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  };
  const encoded = rows.map(({ topic, partition, errorCode, baseOffset }) => {
    const row = Buffer.alloc(4 + 2 + 8 + 8 + 8, 0xff);
    row.writeBigInt64BE(baseOffset, row.writeInt16BE(errorCode, row.writeInt32BE(partition, 0)));
    const name = Buffer.from(topic);
    return Buffer.concat([Buffer.from([0, name.length]), name, int32(1), row]);
  });
  return Buffer.concat([int32(rows.length), ...encoded, int32(throttleMs)]);
};
