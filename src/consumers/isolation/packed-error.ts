import { causeChain, errorFacts, innerErrors, isError, readProperty } from '../../core/error-facts.ts';
import {
  ERROR_CATALOGUE,
  type ErrorCode,
  type ErrorFacts,
  EsteiraError,
  isEsteiraError,
} from '../../core/errors.ts';
import { IntegrityError, UnrecoverableError } from '../../core/handler-errors.ts';
import { plainData } from './plain-data.ts';

/** Something thrown in one thread, as data for another. */
export type PackedError =
  | { readonly kind: 'value'; readonly value: unknown }
  | {
      readonly kind: 'error';
      /** The class of ours it is, also by descent: a `class TaxError extends UnrecoverableError` stays unrecoverable. */
      readonly own: 'unrecoverable' | 'integrity' | 'esteira' | undefined;
      readonly name: string;
      readonly className: string;
      readonly message: string;
      readonly stack: string;
      /** Its other properties, as far as they can be sent. */
      readonly properties: Readonly<Record<string, unknown>>;
      readonly cause: PackedError | undefined;
      readonly errors: readonly PackedError[];
    };

/** Properties of errors that a classifier may read inside of, and not only of plain make. */
const DEPTH = 3;
/** Handled by themselves, or full of what is of no use elsewhere: connections, requests with their credentials. */
const LEFT_OUT: ReadonlySet<string> = new Set(
  'name message stack cause errors constructor request config socket'.split(' '),
);
/** Own enumerable ones are sent anyway; these also where they are getters. */
const KNOWN = 'code errno status statusCode response $response $metadata $retryable headers retryAfter facts'
  .split(' ')
  .concat(['hostname', 'address', 'port', 'syscall']);

const text = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 16_384) : '');

const ownClassOf = (error: Error, name: string, code: unknown) => {
  if (error instanceof IntegrityError || name === 'IntegrityError') return 'integrity';
  if (error instanceof UnrecoverableError || name === 'UnrecoverableError') return 'unrecoverable';
  return name === 'EsteiraError' && isErrorCode(code) ? 'esteira' : undefined;
};

const isErrorCode = (code: unknown): code is ErrorCode =>
  typeof code === 'string' && Object.hasOwn(ERROR_CATALOGUE, code);

const propertiesOf = (error: Error): Readonly<Record<string, unknown>> => {
  const data = Object.fromEntries(
    [...new Set([...Object.keys(error).slice(0, 64), ...KNOWN])]
      .filter((name) => !LEFT_OUT.has(name))
      .map((name) => [name, plainData(readProperty(error, name), DEPTH)]),
  );
  return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined));
};

/** Makes data of what was thrown, with its causes. Never throws. */
export const packError = (thrown: unknown, depth: number = causeChain(thrown).length): PackedError => {
  if (!isError(thrown)) return { kind: 'value', value: plainData(thrown, DEPTH) };
  const name = text(readProperty(thrown, 'name'));
  const cause = depth > 1 ? readProperty(thrown, 'cause') : undefined;
  return {
    kind: 'error',
    own: ownClassOf(thrown, name, readProperty(thrown, 'code')),
    name,
    className: errorFacts(thrown).className,
    message: text(readProperty(thrown, 'message')),
    stack: text(readProperty(thrown, 'stack')),
    properties: propertiesOf(thrown),
    cause: cause === undefined || cause === null ? undefined : packError(cause, depth - 1),
    errors: depth > 0 ? innerErrors(thrown).map((one) => packError(one, Math.min(depth, 2) - 1)) : [],
  };
};

const asFacts = (value: unknown): ErrorFacts => {
  const facts: Record<string, string | number | boolean | readonly string[]> = {};
  for (const [name, fact] of Object.entries(typeof value === 'object' && value !== null ? value : {})) {
    if (typeof fact === 'string' || typeof fact === 'number' || typeof fact === 'boolean') facts[name] = fact;
    else if (Array.isArray(fact)) facts[name] = fact.map(String);
  }
  return facts;
};

const make = (packed: PackedError & { kind: 'error' }, options: { cause?: unknown }): Error => {
  const { own, message, errors, properties } = packed;
  const code = properties['code'];
  if (own === 'esteira' && isErrorCode(code))
    return new EsteiraError(code, message, { ...options, facts: asFacts(properties['facts']) });
  if (own === 'integrity') return new IntegrityError(message, options);
  if (own === 'unrecoverable') return new UnrecoverableError(message, options);
  return errors.length > 0
    ? new AggregateError(errors.map(unpackError), message, options)
    : new Error(message, options);
};

/** The error again, so that it is classified, summarized and waited for as in the thread it was thrown in. */
export const unpackError = (packed: PackedError): unknown => {
  if (packed.kind === 'value') return packed.value;
  const { name, className, stack, properties, cause } = packed;
  const error = make(packed, cause === undefined ? {} : { cause: unpackError(cause) });
  const define = (property: string, value: unknown, enumerable: boolean): void => {
    Object.defineProperty(error, property, { value, enumerable, configurable: true, writable: true });
  };
  if (!isEsteiraError(error)) {
    define('name', name, false);
    // Fingerprints and codes read the name of the class.
    define('constructor', { name: className }, false);
    for (const [property, value] of Object.entries(properties)) define(property, value, true);
  }
  define('stack', stack, false);
  return error;
};
