import { existsSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { EsteiraError } from '../../core/errors.ts';
import { lockDown } from '../../telemetry/projection/query/lock-down.ts';
import { type QueryPart, type QueryRequest, runQuery } from '../../telemetry/projection/query/run-query.ts';
import { openProjectionStore } from '../../telemetry/projection/store.ts';
import { AnswerLine } from './query-protocol.ts';
import { socketOf } from './socket-file.ts';

/** A projection that answers. */
export interface Projection {
  /** Whether the process that writes it answers, or its file was opened, which nobody writes. */
  readonly by: 'process' | 'file';
  readonly path: string;
  /** @throws EsteiraError ESTEIRA_QUERY_INVALID, ESTEIRA_QUERY_REFUSED, ESTEIRA_QUERY_LIMIT, ESTEIRA_PROJECTION_UNAVAILABLE */
  ask(query: QueryRequest): AsyncIterable<QueryPart>;
  close(): Promise<void>;
}

const errorCode = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;

const send = (socketPath: string, method: string, path: string, body?: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const sent = request({ socketPath, method, path, headers: { host: 'projection' } }, resolve);
    sent.once('error', reject);
    sent.end(body);
  });

const gone = (path: string, cause?: unknown): EsteiraError =>
  new EsteiraError(
    'ESTEIRA_PROJECTION_UNAVAILABLE',
    `the process that keeps the projection ${path} ended while it answered: ask again`,
    { facts: { path }, cause },
  );

/** Whole lines of a response. @throws what the connection fails with */
async function* linesIn(response: IncomingMessage): AsyncGenerator<string> {
  response.setEncoding('utf8');
  let rest = '';
  for await (const chunk of response) {
    const lines = `${rest}${String(chunk)}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

/** What a connection ends with whose other side has gone. */
const GONE = new Set<unknown>(['ECONNRESET', 'EPIPE', 'ENOENT', 'ECONNREFUSED', 'ENOTSOCK']);

const partOf = (line: string): QueryPart => {
  const part = AnswerLine.parse(JSON.parse(line));
  if (!('error' in part)) return part;
  const { code, message, facts } = part.error;
  throw new EsteiraError(code, message, { facts });
};

/** The parts of an answer that comes as lines. */
async function* partsOf(path: string, query: QueryRequest): AsyncGenerator<QueryPart> {
  let response: IncomingMessage | undefined;
  let isWhole = false;
  try {
    response = await send(socketOf(path), 'POST', '/query', JSON.stringify(query));
    for await (const line of linesIn(response)) {
      const part = partOf(line);
      isWhole = 'end' in part;
      yield part;
    }
  } catch (error) {
    throw GONE.has(errorCode(error)) ? gone(path, error) : error;
  } finally {
    response?.destroy();
  }
  if (!isWhole) throw gone(path);
}

const isServed = async (path: string): Promise<boolean> => {
  try {
    (await send(socketOf(path), 'GET', '/')).destroy();
    return true;
  } catch (error) {
    // There is no socket, or the process that made it is dead or about to end.
    if (GONE.has(errorCode(error))) return false;
    throw error;
  }
};

const openFile = async (path: string): Promise<Projection> => {
  const store = await openProjectionStore(path, { readOnly: true });
  await lockDown(store);
  return { by: 'file', path, ask: (query) => runQuery(store, query), close: () => store.close() };
};

/** The projection of that file, if there is one; undefined otherwise. @throws EsteiraError as `openProjection` */
export const findProjection = async (path: string): Promise<Projection | undefined> => {
  if (await isServed(path))
    return { by: 'process', path, ask: (query) => partsOf(path, query), close: async () => undefined };
  return existsSync(path) ? openFile(path) : undefined;
};

/**
 * The projection of that file: asks the process that writes it, or opens the file where none does.
 *
 * @throws EsteiraError ESTEIRA_PROJECTION_UNAVAILABLE where there is none, or it cannot be opened; ESTEIRA_PACKAGE_MISSING
 */
export const openProjection = async (path: string): Promise<Projection> => {
  const found = await findProjection(path);
  if (found !== undefined) return found;
  throw new EsteiraError(
    'ESTEIRA_PROJECTION_UNAVAILABLE',
    `there is no projection at ${path}: start one with \`esteira start --roles projection\` (it reads the telemetry topic into that file), or say where it is with PROJECTION_PATH`,
    { facts: { path } },
  );
};
