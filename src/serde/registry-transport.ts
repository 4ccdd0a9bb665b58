import type { Json } from '../core/contract.ts';
import { EsteiraError } from '../core/errors.ts';

/** What the registry answered; `body` is undefined where it was not JSON. */
export interface RegistryAnswer {
  readonly status: number;
  readonly body: Json | undefined;
}

/** A request as the registry package has built it. */
export interface RegistryRequest {
  method(): string;
  url(): string;
  headers(): Readonly<Record<string, unknown>>;
  body(): unknown;
}

export interface TransportOptions {
  /** Longest time from the request to the last byte of the answer, ms. */
  readonly deadlineMs: number;
  /** The `authorization` header. */
  readonly authorization?: string;
}

/**
 * Sends one request, once. Every status is an answer; only silence, a cut connection or a late answer is an error.
 *
 * @throws EsteiraError ESTEIRA_REGISTRY_UNAVAILABLE; the facts say host, path and the kind of failure.
 */
export const sendToRegistry = async (
  request: RegistryRequest,
  { deadlineMs, authorization }: TransportOptions,
): Promise<RegistryAnswer> => {
  const body = request.body();
  try {
    const response = await fetch(request.url(), {
      method: request.method().toUpperCase(),
      headers: textHeaders({
        ...request.headers(),
        ...(authorization === undefined ? {} : { authorization }),
      }),
      ...(typeof body === 'string' ? { body } : {}),
      redirect: 'manual',
      signal: AbortSignal.timeout(deadlineMs),
    });
    return { status: response.status, body: parseBody(await response.text()) };
  } catch (cause) {
    throw unreachable(request.url(), cause);
  }
};

const textHeaders = (headers: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));

const parseBody = (text: string): Json | undefined => {
  try {
    const json: Json = JSON.parse(text);
    return json;
  } catch {
    return undefined;
  }
};

const unreachable = (url: string, cause: unknown): EsteiraError => {
  const { host, pathname } = new URL(url);
  const late = cause instanceof Error && cause.name === 'TimeoutError';
  return new EsteiraError(
    'ESTEIRA_REGISTRY_UNAVAILABLE',
    late
      ? `The schema registry at ${host} did not answer in time.`
      : `The schema registry at ${host} cannot be reached.`,
    { facts: { host, path: pathname, failure: late ? 'timeout' : 'connection' }, cause },
  );
};
