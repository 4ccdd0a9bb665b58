import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How the stub behaves: as a registry, with a fixed answer, or as a network gone wrong. */
export type StubMode =
  | 'ok'
  | 'hang'
  | 'drip'
  | 'cut'
  | { readonly status: number; readonly body: string; readonly headers?: Record<string, string> };

interface Stored {
  readonly id: number;
  readonly version: number;
  readonly subject: string;
  readonly schema: string;
}

/** A small registry with the Confluent API whose failures are at the test's command. */
export interface RegistryStub {
  readonly url: string;
  /** `GET /schemas/ids/1` and so on, in the order they came. */
  readonly requests: string[];
  readonly authorizations: (string | undefined)[];
  /** The most requests that were open at once. */
  mostOpen: number;
  mode: StubMode;
  /** Puts a schema in; answers its id. */
  put(subject: string, schema: unknown): number;
  stop(): Promise<void>;
}

/** Starts a stub on a free loopback port. */
export const startRegistryStub = async (): Promise<RegistryStub> => {
  const stored: Stored[] = [];
  let open = 0;
  const server = createServer((request, response) => {
    open += 1;
    stub.mostOpen = Math.max(stub.mostOpen, open);
    response.once('close', () => {
      open -= 1;
    });
    void bodyOf(request).then((body) => {
      stub.requests.push(`${request.method} ${request.url}`);
      stub.authorizations.push(request.headers.authorization);
      misbehave(stub.mode, response) || answer(stored, request, body, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stub: RegistryStub = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`,
    requests: [],
    authorizations: [],
    mostOpen: 0,
    mode: 'ok',
    put: (subject, schema) => {
      const version = stored.filter((known) => known.subject === subject).length + 1;
      const id = 100 + stored.length;
      stored.push({
        id,
        version,
        subject,
        schema: typeof schema === 'string' ? schema : JSON.stringify(schema),
      });
      return id;
    },
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return stub;
};

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

const misbehave = (mode: StubMode, response: ServerResponse): boolean => {
  if (mode === 'ok') return false;
  if (mode === 'hang') return true;
  if (mode === 'drip') drip(response);
  else if (mode === 'cut') cut(response);
  else response.writeHead(mode.status, mode.headers).end(mode.body);
  return true;
};

/** Never silent for long, never done. */
const drip = (response: ServerResponse): void => {
  response.writeHead(200);
  const timer = setInterval(() => response.write(' '), 20);
  response.once('close', () => clearInterval(timer));
};

/** Promises more bytes than it sends. */
const cut = (response: ServerResponse): void => {
  response.writeHead(200, { 'content-length': '1000' });
  response.write('{"schema":', () => response.destroy());
};

const answer = (
  stored: readonly Stored[],
  request: IncomingMessage,
  body: string,
  response: ServerResponse,
): void => {
  const path = decodeURIComponent(request.url ?? '');
  const id = /^\/api\/schemas\/ids\/(\d+)$/.exec(path)?.[1];
  const subject = /^\/api\/subjects\/([^/]+)$/.exec(path)?.[1];
  const found =
    id !== undefined
      ? stored.find((known) => known.id === Number(id))
      : stored.find((known) => known.subject === subject && known.schema === JSON.parse(body).schema);
  response.setHeader('content-type', 'application/vnd.schemaregistry.v1+json');
  if (found !== undefined) response.end(JSON.stringify(found));
  else response.writeHead(404).end(JSON.stringify({ error_code: 40403, message: 'Schema not found' }));
};
