import { connect, type Socket } from 'node:net';
import type { ISocketFactoryArgs } from 'kafkajs';
import { FETCH, requestOf } from './frames.ts';

/** The session part of a fetch request of version 11. */
export interface SeenFetch {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  /** Topics it names. */
  readonly topics: number;
}

/** Length, kind, version and correlation; then the client's name. */
const HEAD_BYTES = 12;
/** Replica, wait, least and most bytes, isolation. */
const BEFORE_SESSION_BYTES = 17;
/** A number that no broker has given. */
const UNKNOWN_SESSION = 1;
const LATE_EPOCH = 1_000_000;

const sessionAt = (bytes: Buffer): number =>
  HEAD_BYTES + 2 + bytes.readInt16BE(HEAD_BYTES) + BEFORE_SESSION_BYTES;

/** Sees the fetch requests of a client, and can spoil the session they go on with. */
export class FetchTap {
  readonly seen: SeenFetch[] = [];
  #spoils: 'id' | 'epoch' | undefined;

  /** Gives kafkajs its sockets. */
  readonly socketFactory = ({ host, port, onConnect }: ISocketFactoryArgs): Socket => {
    const socket = connect({ host, port }, onConnect);
    const write = socket.write.bind(socket);
    socket.write = (given: Uint8Array | string): boolean => write(this.#pass(Buffer.from(given)));
    return socket;
  };

  /** The next request of a session names one that the broker does not know, or another epoch. */
  spoil(what: 'id' | 'epoch'): void {
    this.#spoils = what;
  }

  /** Whether what was to be spoiled has gone. */
  get hasSpoiled(): boolean {
    return this.#spoils === undefined;
  }

  #pass(bytes: Buffer): Buffer {
    if (requestOf(bytes).kind !== FETCH) return bytes;
    const at = sessionAt(bytes);
    const sessionEpoch = bytes.readInt32BE(at + 4);
    this.seen.push({ sessionId: bytes.readInt32BE(at), sessionEpoch, topics: bytes.readInt32BE(at + 8) });
    if (this.#spoils === undefined || sessionEpoch <= 0) return bytes;
    if (this.#spoils === 'id') bytes.writeInt32BE(UNKNOWN_SESSION, at);
    else bytes.writeInt32BE(LATE_EPOCH, at + 4);
    this.#spoils = undefined;
    return bytes;
  }
}
