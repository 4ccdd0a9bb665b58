import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';

/** A request as the lake got it. */
export interface LakeRequest {
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** How the lake answers a request; it may also destroy it. */
export type LakeAnswer = (response: ServerResponse, request: LakeRequest, number: number) => void;

export const ok: LakeAnswer = (response) => void response.writeHead(200).end('{"ok":true}');

export const status =
  (code: number, headers: Readonly<Record<string, string>> = {}): LakeAnswer =>
  (response) =>
    void response.writeHead(code, headers).end('no');

/** A real HTTP server that can fail in many ways; stopped with the test. */
export const openLake = async (port = 0) => {
  const lake = { answer: ok };
  const requests: LakeRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined); // a client that goes away is part of the game
    request.on('end', () => {
      const bytes = Buffer.concat(chunks);
      const { url = '', headers } = request;
      const body = headers['content-encoding'] === 'gzip' ? gunzipSync(bytes).toString() : bytes.toString();
      const known = { url, headers, body };
      requests.push(known);
      lake.answer(response, known, requests.length);
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const at = typeof address === 'object' && address !== null ? address.port : port;
  /** Goes away, with all its connections. */
  const kill = async (): Promise<void> => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(kill);
  return { lake, requests, url: `http://127.0.0.1:${at}/events?tier=gold`, port: at, kill };
};
