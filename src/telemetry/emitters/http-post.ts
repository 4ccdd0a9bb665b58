import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Clock } from '../../core/clock.ts';
import { causeChain, errorFacts } from '../../core/error-facts.ts';
import { retryAfterMs } from '../../core/retry-after.ts';
import type { PackedEvent, Verdict } from './delivery-queue.ts';

/** Where and how batches are posted. */
export interface HttpTarget {
  readonly url: URL;
  readonly headers: Headers;
  readonly format: 'json' | 'ndjson';
  readonly gzip: boolean;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** What is read of an answer, so that its connection can be used again. */
const MOST_ANSWER_BYTES = 65_536;
const DRAIN_WITHIN_MS = 1_000;

const CONTENT_TYPES = { json: 'application/json', ndjson: 'application/x-ndjson' } as const;

const compress = promisify(gzip);

/** The same for the same events, so that the other side can tell a batch that it has had already. */
const idempotencyKeyOf = (batch: readonly PackedEvent[]): string => {
  const hash = createHash('sha256');
  for (const { eventId } of batch) hash.update(eventId).update('\n');
  return hash.digest('hex').slice(0, 32);
};

const bodyOf = (batch: readonly PackedEvent[], format: HttpTarget['format']): string => {
  const texts = batch.map(({ text }) => text);
  return format === 'json' ? `[${texts.join(',')}]` : `${texts.join('\n')}\n`;
};

/** Codes and names only: messages of the platform may quote headers. */
const codeOf = (error: unknown): string => {
  const codes = causeChain(error).flatMap((link) => errorFacts(link).code ?? []);
  return codes.find((code) => code !== '') ?? errorFacts(error).name ?? 'failed';
};

const verdictOf = (response: Response, nowMs: number): Verdict => {
  const { status } = response;
  const error = `answered ${status}`;
  if (response.ok) return { kind: 'delivered' };
  if (status === 413) return { kind: 'too-large', error };
  if (status === 408 || status === 429 || status >= 500) {
    const afterMs = retryAfterMs({ headers: response.headers }, nowMs);
    return { kind: 'later', error, ...(afterMs === undefined ? {} : { afterMs }) };
  }
  return {
    kind: 'refused',
    error: status < 400 ? `${error}: redirects are not followed, give the address they lead to` : error,
  };
};

/** Reads what little there is of an answer; one without end is cut. */
const drain = async (response: Response, clock: Clock): Promise<void> => {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  const cut = (): void => void reader.cancel().catch(() => undefined); // nobody wants the rest
  const cancel = clock.after(DRAIN_WITHIN_MS, cut);
  let bytes = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      bytes += next.value.byteLength;
      if (bytes > MOST_ANSWER_BYTES) cut();
    }
  } catch {
    // The verdict stands: it was in the status. What breaks off after it costs a connection and nothing else.
  } finally {
    cancel();
  }
};

/** Posts a batch once. Never rejects. */
export const postBatch = async (
  target: HttpTarget,
  batch: readonly PackedEvent[],
  stop: AbortSignal,
): Promise<Verdict> => {
  const { url, format, timeoutMs, clock } = target;
  const late = new AbortController();
  const cancel = clock.after(timeoutMs, () => late.abort());
  try {
    const headers = new Headers(target.headers);
    headers.set('content-type', CONTENT_TYPES[format]);
    headers.set('idempotency-key', idempotencyKeyOf(batch));
    const text = bodyOf(batch, format);
    if (target.gzip) headers.set('content-encoding', 'gzip');
    const body = target.gzip ? await compress(text) : text;
    const response = await fetch(url, {
      ...{ method: 'POST', headers, body, redirect: 'manual' },
      signal: AbortSignal.any([stop, late.signal]),
    });
    const verdict = verdictOf(response, clock.nowMs());
    await drain(response, clock);
    return verdict;
  } catch (error) {
    const what = late.signal.aborted ? `no answer within ${timeoutMs} ms` : codeOf(error);
    return { kind: 'later', error: what };
  } finally {
    cancel();
  }
};
