import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { EsteiraError } from '../core/errors.ts';
import type { Log } from '../core/ports/log.ts';
import { redactText } from '../security/redact.ts';

/** One thing that was looked at. */
interface Check {
  readonly ok: boolean;
  /** What is wrong, for the operator; told to anyone who asks, so redacted and without payloads. */
  readonly detail?: string;
}

/** What was looked at, by name; all must be ok. */
export type CheckResult = Readonly<Record<string, Check>>;

export interface HealthServerOptions {
  /** 0 picks a free one. */
  readonly port: number;
  /** Default `0.0.0.0`: probes come from outside the container. */
  readonly host?: string;
  /** Whether the process should go on living; false asks the platform to restart it. */
  readonly live: () => CheckResult;
  /** Whether it can take work now. */
  readonly ready: () => CheckResult;
  /** Prometheus text. */
  readonly metrics: () => Promise<string>;
  readonly log: Log;
}

export interface HealthServer {
  /** The port it listens on. */
  readonly port: number;
  /** Stops; connections still busy after `deadlineMs` (default 1 s) are cut. */
  close(deadlineMs?: number): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const JSON_TYPE = 'application/json; charset=utf-8';
const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

const json = (status: number, value: unknown): Answer => ({
  status,
  type: JSON_TYPE,
  body: `${JSON.stringify(value)}\n`,
});

const redactedCheck = ({ ok, detail }: Check): Check =>
  detail === undefined ? { ok } : { ok, detail: redactText(detail, 512) };

const answerChecks = (result: CheckResult): Answer => {
  const ok = Object.values(result).every((check) => check.ok);
  const checks = Object.fromEntries(
    Object.entries(result).map(([name, check]) => [name, redactedCheck(check)]),
  );
  return json(ok ? 200 : 503, { status: ok ? 'ok' : 'unavailable', checks });
};

const answerTo = async (path: string, options: HealthServerOptions): Promise<Answer> => {
  if (path === '/health/live') return answerChecks(options.live());
  if (path === '/health/ready') return answerChecks(options.ready());
  if (path === '/metrics') return { status: 200, type: PROMETHEUS_TYPE, body: await options.metrics() };
  return json(404, { status: 'not_found' });
};

const handle = async (request: IncomingMessage, response: ServerResponse, options: HealthServerOptions) => {
  const send = ({ status, type, body }: Answer): void => {
    response.writeHead(status, {
      'content-type': type,
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
    });
    response.end(body); // Node leaves the body out for HEAD
  };
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return send(json(405, { status: 'method_not_allowed' }));
  }
  const path = (request.url ?? '').split('?', 1)[0] ?? '';
  try {
    send(await answerTo(path, options));
  } catch (error) {
    // A check that throws is a failed check; the probe gets an answer either way.
    options.log.error('health.failed', {
      path,
      error: error instanceof Error ? error.message : String(error),
    });
    send(json(path === '/metrics' ? 500 : 503, { status: 'unavailable', checks: {} }));
  }
};

const listen = async (server: Server, port: number, host: string): Promise<number> => {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new EsteiraError(
      'ESTEIRA_CONFIG_INVALID',
      `the health server cannot listen on ${host}:${port}: free the port or choose another`,
      { facts: { host, port }, cause },
    );
  }
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
};

const close = async (server: Server, deadlineMs: number): Promise<void> => {
  const cut = setTimeout(() => server.closeAllConnections(), deadlineMs);
  await new Promise<void>((resolve) => {
    server.close(() => resolve()); // its only error is "not running", which is what is wanted
    server.closeIdleConnections();
  });
  clearTimeout(cut);
};

/**
 * Serves `/health/live`, `/health/ready` (200, or 503 when a check is not ok; JSON with each check by name) and
 * `/metrics`; GET and HEAD only.
 *
 * @throws EsteiraError ESTEIRA_CONFIG_INVALID when the port cannot be listened on.
 */
export const startHealthServer = async (options: HealthServerOptions): Promise<HealthServer> => {
  const server = createServer(
    { requestTimeout: 5_000, headersTimeout: 5_000, keepAliveTimeout: 5_000 },
    (request, response) => {
      void handle(request, response, options);
    },
  );
  const port = await listen(server, options.port, options.host ?? '0.0.0.0');
  return { port, close: (deadlineMs = 1_000) => close(server, deadlineMs) };
};
