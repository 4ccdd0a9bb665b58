import { connect } from 'node:net';

const ANSWER_TIMEOUT_MS = 2_000;
const API_VERSIONS = 18;
const METADATA = 3;

/** Whether the broker answers ApiVersions and names all these nodes as alive in its metadata. */
export async function kafkaAnswers(
  port: number,
  nodeIds: readonly number[],
  host = '127.0.0.1',
): Promise<boolean> {
  const versions = await ask(port, kafkaRequest(API_VERSIONS, 0, Buffer.alloc(0)), frameLength, host);
  if (versions.length < 10 || versions.readInt16BE(8) !== 0) return false;
  const noTopics = Buffer.alloc(4);
  const metadata = await ask(port, kafkaRequest(METADATA, 1, noTopics), frameLength, host);
  const alive = liveNodes(metadata.subarray(8));
  return nodeIds.every((id) => alive.includes(id));
}

/** The brokers of a Metadata answer, version 1: node id, host, port and rack of each. */
function liveNodes(body: Buffer): number[] {
  const ids: number[] = [];
  let at = 4;
  for (let left = body.readInt32BE(0); left > 0; left -= 1) {
    ids.push(body.readInt32BE(at));
    at += 4;
    at += 2 + body.readInt16BE(at);
    at += 4;
    at += 2 + Math.max(0, body.readInt16BE(at)); // a missing rack has length -1
  }
  return ids;
}

/** Whether Redis answers PONG; one that still loads its file answers an error. */
export async function redisAnswers(port: number, host = '127.0.0.1'): Promise<boolean> {
  const answer = await ask(
    port,
    Buffer.from('PING\r\n'),
    (bytes) => (bytes.includes('\n') ? bytes.length : 0),
    host,
  );
  return answer.toString('latin1').startsWith('+PONG');
}

/** Whether the registry lists its subjects over the Confluent API. */
export async function registryAnswers(url: string): Promise<boolean> {
  const response = await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
  const body: unknown = await response.json();
  return response.ok && Array.isArray(body);
}

/** Whether the port accepts a connection: all that can be asked of a service behind TLS or a password. */
export function connects(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host, timeout: ANSWER_TIMEOUT_MS });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}

/** A request with the classic header: length, key, version, correlation id 1, client id. */
function kafkaRequest(apiKey: number, apiVersion: number, body: Buffer): Buffer {
  const clientId = 'stack';
  const header = Buffer.alloc(14);
  header.writeInt32BE(10 + clientId.length + body.length, 0);
  header.writeInt16BE(apiKey, 4);
  header.writeInt16BE(apiVersion, 6);
  header.writeInt32BE(1, 8);
  header.writeInt16BE(clientId.length, 12);
  return Buffer.concat([header, Buffer.from(clientId), body]);
}

function frameLength(bytes: Buffer): number {
  return bytes.length < 4 ? 0 : 4 + bytes.readInt32BE(0);
}

/** Sends the request on a new connection and resolves with the answer once `lengthOf` (0: unknown yet) is reached. */
function ask(
  port: number,
  request: Buffer,
  lengthOf: (bytes: Buffer) => number,
  host = '127.0.0.1',
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const socket = connect({ port, host });
    const refuse = (reason: string) => {
      socket.destroy();
      reject(new Error(`${host}:${port} ${reason}`));
    };
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => refuse('does not answer'));
    socket.once('error', (error) => refuse(error.message));
    socket.once('close', () => refuse('closed the connection'));
    socket.once('connect', () => socket.write(request));
    socket.on('data', (bytes) => {
      received = Buffer.concat([received, bytes]);
      const length = lengthOf(received);
      if (length === 0 || received.length < length) return;
      resolve(received);
      socket.destroy();
    });
  });
}
