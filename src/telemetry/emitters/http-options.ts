import { type Duration, durationMs, lastingMs } from '../../core/duration.ts';
import { EsteiraError } from '../../core/errors.ts';
import type { JobEvent } from '../../core/generated/job-event.ts';
import { JOB_EVENT_TYPES, type JobEventType } from '../../core/job-event.ts';
import { positive } from '../../core/positive.ts';
import { Problems } from '../../core/problems.ts';
import type { DeliveryQueueOptions } from './delivery-queue.ts';
import type { HttpTarget } from './http-post.ts';
import { MARKETPLACE_TYPES, marketplacePayload } from './payload-shapes.ts';

/** What is sent for an event, as JSON can say it; undefined: nothing. */
export type ShapePayload = (event: JobEvent) => unknown;

/** Where an `HTTPTelemetryEmitter` sends to, and how. */
export interface HTTPTelemetryEmitterOptions {
  /** `http:` or `https:`, without user and password: those go into a header. */
  readonly url: string | URL;
  /** Its name in log lines and metrics, unique in the app; default `http`. */
  readonly name?: string;
  /** Sent with each request, such as `authorization`; never logged, and never sent anywhere but to `url`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Which events are sent; default all, and for the payload `marketplace` those of its document. */
  readonly types?: readonly JobEventType[];
  /**
   * `canonical` (default): all fields as on the telemetry topic; times and durations are numbers, in ms. `marketplace`: the
   * minimal payload of {@link marketplacePayload}. Or a function of the event.
   */
  readonly payload?: 'canonical' | 'marketplace' | ShapePayload;
  /** A body is a JSON array (default), or one JSON object a line. */
  readonly format?: 'json' | 'ndjson';
  /** Default false. */
  readonly gzip?: boolean;
  /** A batch leaves when it has `events` (500) or `bytes` (512 KiB, before gzip), or after `wait` (1 s). */
  readonly batch?: { readonly events?: number; readonly bytes?: number; readonly wait?: Duration };
  /** Most that is held while it cannot be sent: `events` (20,000) and `bytes` (32 MiB). What comes beyond is dropped. */
  readonly buffer?: { readonly events?: number; readonly bytes?: number };
  /** How long a request may take; default 10 s. */
  readonly timeout?: Duration;
  /** Pauses between tries, doubling from `first` (200 ms) to `longest` (30 s); `Retry-After` goes before. */
  readonly backoff?: { readonly first?: Duration; readonly longest?: Duration };
}

/** Options worked out. */
export interface HttpEmitterSettings
  extends Pick<DeliveryQueueOptions, 'batch' | 'buffer' | 'backoff'>,
    Omit<HttpTarget, 'clock'> {
  readonly name: string;
  readonly types: ReadonlySet<string>;
  readonly shape: ShapePayload;
}

const urlOf = (given: string | URL, problems: Problems): URL => {
  const url = URL.canParse(String(given)) ? new URL(String(given)) : undefined;
  if (url !== undefined && url.username === '' && url.password === '' && /^https?:$/.test(url.protocol))
    return url;
  // It is not quoted: what is wrong with it may be the password in it.
  problems.add('url is no address of http or https without user and password: those go into headers');
  return new URL('http://invalid.invalid');
};

const headersOf = (given: Readonly<Record<string, string>>, problems: Problems): Headers => {
  const headers = new Headers();
  for (const [name, value] of Object.entries(given)) {
    try {
      headers.set(name, value);
    } catch {
      // The platform's message quotes the value, which is likely a secret.
      problems.add(`headers.${name} is no header: its name or its value has characters that none may have`);
    }
  }
  return headers;
};

const shapeOf = (payload: HTTPTelemetryEmitterOptions['payload'], problems: Problems): ShapePayload => {
  if (typeof payload === 'function') return payload;
  if (payload === 'marketplace') return marketplacePayload;
  if (payload !== undefined && payload !== 'canonical')
    problems.add(`payload is ${JSON.stringify(payload)}: give 'canonical', 'marketplace' or a function`);
  return (event) => event;
};

const typesOf = (
  { types, payload }: HTTPTelemetryEmitterOptions,
  problems: Problems,
): ReadonlySet<string> => {
  const unknown = (types ?? []).filter((type) => !JOB_EVENT_TYPES.includes(type));
  if (unknown.length > 0)
    problems.add(`types has ${unknown.join(', ')}, which is none of ${JOB_EVENT_TYPES.join(', ')}`);
  return new Set<string>(types ?? (payload === 'marketplace' ? MARKETPLACE_TYPES : JOB_EVENT_TYPES));
};

/** Works the options out. @throws EsteiraError ESTEIRA_DEFINITION_INVALID with all that is wrong. */
export const resolveHttpOptions = (options: HTTPTelemetryEmitterOptions): HttpEmitterSettings => {
  const { name = 'http', batch, buffer, backoff, format = 'json' } = options;
  const problems = new Problems();
  const whole = (value: number, what: string): number => problems.check(() => positive(value, what), value);
  const wait = (value: Duration, what: string): number => problems.check(() => lastingMs(value, what), 1);
  if (name.trim() === '') problems.add('name is empty');
  if (format !== 'json' && format !== 'ndjson') problems.add("format is neither 'json' nor 'ndjson'");
  const settings = {
    ...{ name, format, gzip: options.gzip ?? false },
    url: urlOf(options.url, problems),
    headers: headersOf(options.headers ?? {}, problems),
    types: typesOf(options, problems),
    shape: shapeOf(options.payload, problems),
    timeoutMs: wait(options.timeout ?? '10s', 'timeout'),
    batch: {
      events: whole(batch?.events ?? 500, 'batch.events'),
      bytes: whole(batch?.bytes ?? 512 * 1024, 'batch.bytes'),
      waitMs: problems.check(() => durationMs(batch?.wait ?? '1s', 'batch.wait'), 0),
    },
    buffer: {
      events: whole(buffer?.events ?? 20_000, 'buffer.events'),
      bytes: whole(buffer?.bytes ?? 32 * 1024 * 1024, 'buffer.bytes'),
    },
    backoff: {
      firstMs: wait(backoff?.first ?? '200ms', 'backoff.first'),
      longestMs: wait(backoff?.longest ?? '30s', 'backoff.longest'),
    },
  };
  if (problems.all.length === 0) return settings;
  throw new EsteiraError(
    'ESTEIRA_DEFINITION_INVALID',
    `telemetry emitter ${name}: ${problems.all.join('; ')}`,
    { facts: { emitter: name, problems: problems.all } },
  );
};
