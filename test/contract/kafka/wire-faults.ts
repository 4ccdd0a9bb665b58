import { connect, type Socket } from 'node:net';
import type { ISocketFactoryArgs } from 'kafkajs';
import {
  FrameCutter,
  forbiddenHeartbeat,
  HEARTBEAT,
  OFFSET_COMMIT,
  PRODUCE,
  type Request,
  refusedCommit,
  requestOf,
} from './frames.ts';

/** Faults between a client and its brokers, put into the sockets: the brokers themselves are real. */
export class WireFaults {
  readonly #heldTopics = new Set<string>();
  readonly #forbiddenGroups = new Set<string>();
  #held: (() => void)[] = [];
  #refusesCommits = false;

  /** Gives kafkajs its sockets. */
  readonly socketFactory = ({ host, port, onConnect }: ISocketFactoryArgs): Socket => {
    const socket = connect({ host, port }, onConnect);
    this.#tamper(socket);
    return socket;
  };

  /** Acknowledgements of the topic do not come until {@link releaseAcks}. */
  holdAcks(topic: string): void {
    this.#heldTopics.add(topic);
  }

  releaseAcks(): void {
    const held = this.#held;
    this.#held = [];
    this.#heldTopics.clear();
    for (const deliver of held) deliver();
  }

  /** Commits do not reach the broker, which is said to have no coordinator. */
  refuseCommits(isOn: boolean): void {
    this.#refusesCommits = isOn;
  }

  /** Members of the group are told that they may not use it. */
  forbid(groupId: string): void {
    this.#forbiddenGroups.add(groupId);
  }

  #tamper(socket: Socket): void {
    const requests = new Map<number, Request>();
    const cutter = new FrameCutter();
    const write = socket.write.bind(socket);
    const emit = socket.emit.bind(socket);
    const deliver = (frame: Buffer): boolean => emit('data', frame);
    const send = (bytes: Uint8Array | string): boolean => {
      const request = requestOf(Buffer.from(bytes));
      if (request.kind === OFFSET_COMMIT && this.#refusesCommits)
        return setImmediate(() => deliver(refusedCommit(request))).hasRef();
      requests.set(request.correlation, request);
      return write(bytes);
    };
    socket.write = send;
    socket.emit = (event: string | symbol, ...rest: unknown[]): boolean => {
      const [chunk] = rest;
      if (event !== 'data' || !Buffer.isBuffer(chunk)) return emit(event, ...rest);
      for (const frame of cutter.push(chunk))
        this.#answer(requests.get(frame.readInt32BE(4)), frame, deliver);
      return true;
    };
  }

  #answer(request: Request | undefined, frame: Buffer, deliver: (frame: Buffer) => void): void {
    const mentions = (names: ReadonlySet<string>): boolean =>
      request !== undefined && [...names].some((name) => request.bytes.includes(name));
    if (request?.kind === PRODUCE && mentions(this.#heldTopics)) this.#held.push(() => deliver(frame));
    else if (request?.kind === HEARTBEAT && mentions(this.#forbiddenGroups))
      deliver(forbiddenHeartbeat(frame));
    else deliver(frame);
  }
}
