import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** A receiver of spans in a process of its own, in plain JavaScript, so that it is there at once. */
const PROGRAM = `
const { createServer } = require('node:http');
const deaf = process.argv[2] === 'deaf';
createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk)).on('end', () => {
    process.send({ bytes: Buffer.concat(chunks).toString('base64') });
    if (!deaf) response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  });
}).listen(Number(process.argv[1]), '127.0.0.1', function () {
  process.send({ port: this.address().port });
});`;

/** Takes spans over OTLP/HTTP. */
export interface SpanReceiver {
  readonly port: number;
  /** What came, one body for each request. */
  readonly bodies: readonly Buffer[];
  /** Ends it as a crash does. */
  kill(): Promise<void>;
}

const stopped = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
};

/** Starts one on loopback; a deaf one takes requests and never answers. Port 0 takes any that is free. */
export const startSpanReceiver = async (
  port = 0,
  how: 'answering' | 'deaf' = 'answering',
): Promise<SpanReceiver> => {
  const child = spawn(process.execPath, ['-e', PROGRAM, String(port), how], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const bodies: Buffer[] = [];
  const listening = new Promise<number>((resolve, reject) => {
    child.on('message', (said: { readonly port?: number; readonly bytes?: string }) => {
      if (said.port !== undefined) resolve(said.port);
      if (said.bytes !== undefined) bodies.push(Buffer.from(said.bytes, 'base64'));
    });
    child.once('exit', () => reject(new Error('the receiver has ended')));
  });
  return { port: await listening, bodies, kill: () => stopped(child) };
};
