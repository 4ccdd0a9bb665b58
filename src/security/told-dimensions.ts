import type { JobDefinition } from '../core/job.ts';
import { LONGEST_DIMENSION, LONGEST_NAME, MOST_DIMENSIONS } from '../core/told-facts.ts';
import { redactText } from './redact-text.ts';

const LONGEST_REMEMBERED = 64;
const MOST_REMEMBERED = 2_000;

const remembered = new Map<string, string>();

/** Looking for secrets costs some 10 µs a text, and dimensions repeat: short ones are looked at once. */
const redacted = (text: string, maxBytes: number): string => {
  if (text.length > LONGEST_REMEMBERED) return redactText(text, maxBytes);
  const known = remembered.get(text);
  if (known !== undefined) return known;
  const looked = redactText(text, maxBytes);
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  remembered.set(text, looked);
  return looked;
};

/** Pairs under redacted names: names come from data too, such as those of the fields of a file. */
type Named<T> = Iterable<readonly [string, T]>;

/** Dimensions as telemetry tells them: redacted, at most 256 bytes each. */
export const redactDimensions = (dimensions: Named<string>): Readonly<Record<string, string>> => {
  const told: [string, string][] = [];
  for (const [name, value] of dimensions)
    told.push([redacted(name, LONGEST_NAME), redacted(value, LONGEST_DIMENSION)]);
  return Object.fromEntries(told);
};

/** Metrics as telemetry tells them: numbers under redacted names. */
export const redactMetrics = (metrics: Named<number>): Readonly<Record<string, number>> => {
  const told: [string, number][] = [];
  for (const [name, value] of metrics) told.push([redacted(name, LONGEST_NAME), value]);
  return Object.fromEntries(told);
};

/** What can be told of what a job type declares. */
const textsOf = (declared: Readonly<Record<string, string | null | undefined>>): [string, string][] => {
  const texts: [string, string][] = [];
  for (const [name, value] of Object.entries(declared)) {
    // The type of the value is the app's word for it.
    if (typeof value === 'string' && value !== '' && texts.length < MOST_DIMENSIONS)
      texts.push([name, value]);
  }
  return texts;
};

/**
 * The dimensions that a job type declares for a payload, redacted; at most 32, and no empty ones. Undefined where it
 * declares none. A function that throws hurts no job: the class of its error is told as `dimensions_failed`.
 */
export const declaredDimensions = (
  job: Pick<JobDefinition<unknown>, 'dimensions'>,
  payload: unknown,
): Readonly<Record<string, string>> | undefined => {
  if (job.dimensions === undefined) return undefined;
  try {
    return redactDimensions(textsOf(job.dimensions(payload)));
  } catch (error) {
    return { dimensions_failed: error instanceof Error ? error.name.slice(0, LONGEST_NAME) : typeof error };
  }
};
