import { connect, createServer, type Server, type Socket } from 'node:net';
import { type ByteLane, byteLane, type Fault } from './byte-lane.ts';

/** Where a proxy leads to, and optionally where it listens (default: a port chosen by the system). */
export interface ProxyOptions {
  target: { host: string; port: number };
  port?: number;
}

/**
 * A TCP proxy on 127.0.0.1 that does what networks do. Kafka clients dial the brokers' advertised addresses: lead
 * kafkajs here by its `socketFactory`.
 */
export interface FaultProxy {
  readonly host: string;
  readonly port: number;
  /** Connections that are open now. */
  readonly connections: number;
  /** Every byte, in both directions, arrives this much later; 0 ends it. Bytes under way keep their delay. */
  delay(ms: number): void;
  /** Nothing passes any more and nothing is closed, as behind a dead router; new connections are accepted. */
  stall(): void;
  /** Ends a stall: what was held passes on, nothing is lost. */
  resume(): void;
  /** Resets all connections at once (RST); new ones work. */
  cut(): void;
  /** Once `bytes` more bytes of the target's answers, over all connections, have passed: as `cut`, once; the client may see an end. */
  cutAfterBytes(bytes: number): void;
  /** Resets all connections and refuses new ones. */
  stop(): Promise<void>;
}

interface Pair {
  sockets: readonly [Socket, Socket];
  lanes: readonly [ByteLane, ByteLane];
}

/** Starts a proxy without any fault. */
export async function startProxy({ target, port = 0 }: ProxyOptions): Promise<FaultProxy> {
  const fault: Fault = { delayMs: 0, stalled: false, answerBytesLeft: Number.POSITIVE_INFINITY };
  const pairs = new Set<Pair>();
  const cut = () => {
    for (const { sockets } of pairs) for (const socket of sockets) socket.resetAndDestroy();
  };
  const onSpent = () => {
    fault.answerBytesLeft = Number.POSITIVE_INFINITY;
    cut();
  };
  const server = createServer({ allowHalfOpen: true }, (client) =>
    join(client, target, fault, pairs, onSpent),
  );
  const listening = await listen(server, port);
  return {
    host: '127.0.0.1',
    port: listening,
    get connections() {
      return pairs.size;
    },
    delay: (ms) => {
      fault.delayMs = ms;
    },
    stall: () => {
      fault.stalled = true;
    },
    resume: () => {
      fault.stalled = false;
      for (const { lanes } of pairs) for (const lane of lanes) lane.pump();
    },
    cut,
    cutAfterBytes: (bytes) => {
      fault.answerBytesLeft = bytes;
    },
    stop: () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      cut();
      return closed;
    },
  };
}

function join(
  client: Socket,
  target: ProxyOptions['target'],
  fault: Fault,
  pairs: Set<Pair>,
  onSpent: () => void,
): void {
  const upstream = connect({ ...target, allowHalfOpen: true, noDelay: true });
  client.setNoDelay(true);
  const lanes = [byteLane(client, upstream, fault), byteLane(upstream, client, fault, onSpent)] as const;
  const pair: Pair = { sockets: [client, upstream], lanes };
  pairs.add(pair);
  for (const [socket, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    socket.on('error', () => other.resetAndDestroy()); // a reset on one side is a reset on the other
    socket.on('close', () => {
      for (const lane of lanes) lane.close();
      pairs.delete(pair);
      if (!other.destroyed) other.destroy();
    });
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('The proxy got no port'));
      else resolve(address.port);
    });
  });
}
