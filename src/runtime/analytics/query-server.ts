import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { EsteiraError, isEsteiraError } from '../../core/errors.ts';
import { lockDown } from '../../telemetry/projection/query/lock-down.ts';
import {
  type Connectable,
  type QueryRequest,
  runQuery,
  TIME_LIMIT_MS,
} from '../../telemetry/projection/query/run-query.ts';
import { QueryBody } from './query-protocol.ts';
import { listenOnSocket, socketOf } from './socket-file.ts';

/** A store whose file is known. */
export interface ServedStore extends Connectable {
  readonly path: string;
}

/** What answers queries until it is closed. */
export interface QueryServer {
  readonly socket: string;
  /** Ends the queries that run, and takes the socket away. */
  close(): Promise<void>;
}

/** Queries at once, so that those who write get their turn, and how many may wait for that. */
const MOST_RUNNING = 2;
const MOST_WAITING = 16;
const LARGEST_BODY = 1_000_000;
/** After the time of a query: a reader that takes nothing must not hold its transaction open. */
const SLACK_MS = 5_000;

/** Lets few through at once, the others in their order. */
class Turnstile {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** @throws EsteiraError ESTEIRA_QUERY_LIMIT where too many wait */
  async enter(): Promise<void> {
    if (this.#running >= MOST_RUNNING) {
      if (this.#waiting.length >= MOST_WAITING)
        throw new EsteiraError(
          'ESTEIRA_QUERY_LIMIT',
          `${MOST_WAITING} queries wait already: try again later`,
        );
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      return;
    }
    this.#running += 1;
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}

const readBody = async (request: IncomingMessage): Promise<QueryRequest> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > LARGEST_BODY) break;
  }
  const wrong = (why: string): EsteiraError =>
    new EsteiraError('ESTEIRA_USAGE', `the body must be JSON such as {"sql": "SELECT 1"}: ${why}`);
  if (size > LARGEST_BODY) throw wrong(`it has more than ${LARGEST_BODY} bytes`);
  let body: unknown;
  try {
    body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw wrong('it is none');
  }
  const { success, data, error } = QueryBody.safeParse(body);
  if (!success)
    throw wrong(error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; '));
  const { sql, timeLimitMs, maxRows } = data;
  return {
    sql,
    ...(timeLimitMs === undefined ? {} : { timeLimitMs }),
    ...(maxRows === undefined ? {} : { maxRows }),
  };
};

const write = async (response: ServerResponse, line: unknown, signal: AbortSignal): Promise<void> => {
  if (!response.write(`${JSON.stringify(line)}\n`)) await once(response, 'drain', { signal });
};

const answer = async (
  store: ServedStore,
  turnstile: Turnstile,
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> => {
  const query = await readBody(request);
  await turnstile.enter();
  try {
    response.setTimeout((query.timeLimitMs ?? TIME_LIMIT_MS) + SLACK_MS, () => response.destroy());
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    for await (const part of runQuery(store, query, signal)) await write(response, part, signal);
  } finally {
    turnstile.leave();
  }
};

const tellError = (response: ServerResponse, error: unknown): void => {
  // Who asked has gone: there is nobody to tell.
  if (response.destroyed) return;
  if (!isEsteiraError(error)) {
    response.destroy();
    return;
  }
  const { code, message, facts } = error;
  if (!response.headersSent) response.writeHead(400, { 'content-type': 'application/x-ndjson' });
  response.end(`${JSON.stringify({ error: { code, message, facts } })}\n`);
};

/**
 * Answers queries on a socket beside the store's file, which only this user can reach: HTTP, `POST /query` with
 * `{"sql": …}`, an answer of one JSON object a line. From then on the store can reach no files and change no settings.
 *
 * @throws EsteiraError ESTEIRA_CONFIG_INVALID for a path that is too long for a socket
 */
export const serveQueries = async (store: ServedStore): Promise<QueryServer> => {
  await lockDown(store);
  const turnstile = new Turnstile();
  const closing = new AbortController();
  const open = new Set<Promise<void>>();
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const left = new AbortController();
    const leave = (): void => left.abort();
    response.once('close', leave);
    closing.signal.addEventListener('abort', leave);
    try {
      if (request.method === 'POST' && request.url === '/query') {
        await answer(store, turnstile, request, response, left.signal);
        response.end();
      } else if (request.method === 'GET' && request.url === '/') {
        response
          .setHeader('content-type', 'application/json')
          .end(JSON.stringify({ projection: store.path }));
      } else response.writeHead(404).end();
    } catch (error) {
      tellError(response, error);
    } finally {
      closing.signal.removeEventListener('abort', leave);
    }
  };
  const server = createServer((request, response) => {
    const served = serve(request, response).finally(() => open.delete(served));
    open.add(served);
  });
  const socket = socketOf(store.path);
  await listenOnSocket(server, socket);
  return {
    socket,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      closing.abort();
      await Promise.all(open);
      server.closeAllConnections();
      await closed;
      await rm(socket, { force: true });
    },
  };
};
