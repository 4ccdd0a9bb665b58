import { EsteiraError } from './errors.ts';

/** Business dimensions and metrics, as telemetry tells them. */
export interface ToldFacts {
  readonly dimensions: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, number>>;
}

/** Most dimensions of an event. */
export const MOST_DIMENSIONS = 32;
/** Longest name of a dimension or metric, characters. */
export const LONGEST_NAME = 64;
/** Longest value of a dimension, characters. */
export const LONGEST_DIMENSION = 256;

/** @throws EsteiraError ESTEIRA_HANDLER_INVALID */
export const refuseTold = (call: string, what: string): never => {
  throw new EsteiraError('ESTEIRA_HANDLER_INVALID', `${call}: ${what}`);
};

const entriesOf = <T>(
  call: string,
  what: string,
  given: Readonly<Record<string, T>> | undefined,
  most: number,
): [string, T][] => {
  const entries = Object.entries(given ?? {});
  if (entries.length > most) refuseTold(call, `more than ${most} ${what}`);
  for (const [name] of entries) {
    if (name.length > LONGEST_NAME)
      refuseTold(call, `a name of ${what} is longer than ${LONGEST_NAME} characters`);
  }
  return entries;
};

const dimension = (call: string, name: string, value: unknown): string =>
  typeof value === 'string' && value.length <= LONGEST_DIMENSION
    ? value
    : refuseTold(call, `dimensions.${name} is not a text of at most ${LONGEST_DIMENSION} characters`);

/** A finite number. @throws EsteiraError ESTEIRA_HANDLER_INVALID, naming `call` and `name`. */
export const checkMetric = (call: string, name: string, value: unknown): number =>
  typeof value === 'number' && Number.isFinite(value)
    ? value
    : refuseTold(call, `${name} is not a finite number`);

/** Dimensions checked, and copied. @throws EsteiraError ESTEIRA_HANDLER_INVALID, naming `call`. */
export const checkDimensions = (
  call: string,
  given: Readonly<Record<string, string>> | undefined,
): [string, string][] =>
  entriesOf(call, 'dimensions', given, MOST_DIMENSIONS).map(([name, value]) => [
    name,
    dimension(call, name, value),
  ]);

/** Metrics checked, and copied; at most `most`. @throws EsteiraError ESTEIRA_HANDLER_INVALID, naming `call`. */
export const checkMetrics = (
  call: string,
  given: Readonly<Record<string, number>> | undefined,
  most: number,
): [string, number][] =>
  entriesOf(call, 'metrics', given, most).map(([name, value]) => [
    name,
    checkMetric(call, `metrics.${name}`, value),
  ]);
