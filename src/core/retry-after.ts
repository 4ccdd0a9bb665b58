import { causeChain, readProperty } from './error-facts.ts';

const LONGEST_MS = 24 * 3_600_000;

/** A header by its lower-case name, out of a Headers object, a Map or a plain record. */
const header = (headers: unknown, name: string): unknown => {
  const get = readProperty(headers, 'get');
  if (typeof get !== 'function') return readProperty(headers, name) ?? readProperty(headers, 'Retry-After');
  try {
    return Reflect.apply(get, headers, [name]);
  } catch {
    return undefined;
  }
};

const readMs = (value: unknown, nowMs: number): number | undefined => {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const text = String(value).trim();
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, ms), LONGEST_MS);
};

const ownFactMs = (link: unknown): number | undefined => {
  const ms = readProperty(readProperty(link, 'facts'), 'retryAfterMs');
  return typeof ms === 'number' && ms >= 0 ? Math.min(ms, LONGEST_MS) : undefined;
};

/**
 * How long the other side asks to wait, ms (at most a day), from `Retry-After` in seconds or as a date, on the error, its
 * `headers`, its response's headers, or those of its causes; or from
 * `facts.retryAfterMs` of an EsteiraError. Undefined when nobody asks.
 */
export const retryAfterMs = (error: unknown, nowMs: number): number | undefined => {
  for (const link of causeChain(error)) {
    const response = readProperty(link, 'response') ?? readProperty(link, '$response');
    const asked =
      readProperty(link, 'retryAfter') ??
      header(readProperty(link, 'headers'), 'retry-after') ??
      header(readProperty(response, 'headers'), 'retry-after');
    const ms = ownFactMs(link) ?? readMs(asked, nowMs);
    if (ms !== undefined) return ms;
  }
  return undefined;
};
