import { getSystemErrorMap } from 'node:util';

/** What a thrown value says of itself apart from its message. Reading it never throws. */
export interface ThrownFacts {
  /** `code`, or the name of a numeric `errno`. */
  readonly code?: string;
  /** HTTP status of the error or of the response it carries. */
  readonly status?: number;
  /** The `name` of an error, which AWS and the platform use as a code. */
  readonly name?: string;
  /** Name of the class the value was made by. */
  readonly className: string;
  /** AWS SDK v3 says so of errors it holds for throttling or for passing. */
  readonly retryHint?: 'throttled' | 'passing';
}

const LONGEST_CHAIN = 8;
const MOST_INNER_ERRORS = 16;
const CODE_FORM = /^[A-Za-z0-9_.:-]{1,64}$/;

/** Reads a property; undefined where there is none, and where a getter or proxy throws. */
export const readProperty = (value: unknown, name: string): unknown => {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  try {
    return Reflect.get(value, name);
  } catch {
    // A hostile getter tells nothing; that is an answer, and the error at hand must still be dealt with.
    return undefined;
  }
};

const asCode = (value: unknown): string | undefined =>
  typeof value === 'string' && CODE_FORM.test(value) ? value : undefined;

const asStatus = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isInteger(value) && value >= 400 && value <= 599 ? value : undefined;

const errnoName = (errno: unknown): string | undefined =>
  typeof errno === 'number' ? getSystemErrorMap().get(errno)?.[0] : undefined;

const statusOf = (error: unknown): number | undefined =>
  asStatus(readProperty(error, 'status')) ??
  asStatus(readProperty(error, 'statusCode')) ??
  asStatus(readProperty(readProperty(error, '$metadata'), 'httpStatusCode')) ??
  asStatus(readProperty(readProperty(error, 'response'), 'status')) ??
  asStatus(readProperty(readProperty(error, 'response'), 'statusCode'));

const retryHintOf = (error: unknown): ThrownFacts['retryHint'] => {
  const hint = readProperty(error, '$retryable');
  if (typeof hint !== 'object' || hint === null) return undefined;
  return readProperty(hint, 'throttling') === true ? 'throttled' : 'passing';
};

/** Whether a value is an Error; false for proxies that throw when asked. */
export const isError = (value: unknown): value is Error => {
  try {
    return value instanceof Error;
  } catch {
    return false;
  }
};

const classNameOf = (error: unknown): string => {
  if (error === null) return 'null';
  if (typeof error !== 'object' && typeof error !== 'function') return typeof error;
  return (
    asCode(readProperty(readProperty(error, 'constructor'), 'name')) ?? (isError(error) ? 'Error' : 'Object')
  );
};

/** The facts of one thrown value, its causes apart. */
export const errorFacts = (error: unknown): ThrownFacts => {
  const code = asCode(readProperty(error, 'code')) ?? errnoName(readProperty(error, 'errno'));
  const status = statusOf(error);
  const name = asCode(readProperty(error, 'name'));
  const retryHint = retryHintOf(error);
  return {
    className: classNameOf(error),
    ...(code === undefined ? {} : { code }),
    ...(status === undefined ? {} : { status }),
    ...(name === undefined ? {} : { name }),
    ...(retryHint === undefined ? {} : { retryHint }),
  };
};

/** The error and its causes, outermost first; at most 8, and each once even where causes go in a circle. */
export const causeChain = (error: unknown): readonly unknown[] => {
  const chain: unknown[] = [error];
  while (chain.length < LONGEST_CHAIN) {
    const cause = readProperty(chain[chain.length - 1], 'cause');
    if (cause === undefined || cause === null || chain.includes(cause)) break;
    chain.push(cause);
  }
  return chain;
};

/** The errors an AggregateError is made of, at most 16; empty for everything else. */
export const innerErrors = (error: unknown): readonly unknown[] => {
  const inner = isError(error) ? readProperty(error, 'errors') : undefined;
  return Array.isArray(inner) ? inner.slice(0, MOST_INNER_ERRORS) : [];
};
