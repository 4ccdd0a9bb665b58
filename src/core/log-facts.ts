import { isError, readProperty } from './error-facts.ts';
import type { LogFacts } from './ports/log.ts';

/** What stands in a line in place of a value that is not written. */
export const LEFT_OUT = '[left out]';

const MOST_FACTS = 32;
const MOST_ENTRIES = 32;
const LONGEST_TEXT = 8_192;
const MOST_FRAMES = 8;

/** A line made of plain values only, whatever it was asked to say. */
export interface PlainLine {
  readonly message: string;
  readonly facts: LogFacts;
  /** Names of what is not written, or not to its end: objects, and texts in which JSON of one begins. */
  readonly leftOut: readonly string[];
}

/** Where JSON of an object begins: payloads become texts by `JSON.stringify`, and would pass for one. */
const JSON_OBJECT = /(?:\[\s{0,8})?\{\s{0,64}"[^"\n]{0,64}"\s{0,8}:/;

const plainText = (given: string): string => {
  const text = given.slice(0, LONGEST_TEXT);
  const at = text.search(JSON_OBJECT);
  return at < 0 ? text : text.slice(0, at) + LEFT_OUT;
};

/** Where it was thrown, without the message, which stands in the first lines of a stack. */
const framesOf = (error: Error): string | undefined => {
  const stack = readProperty(error, 'stack');
  const frames = typeof stack === 'string' ? stack.slice(0, LONGEST_TEXT).match(/^ {4}at .*$/gm) : null;
  return frames
    ?.slice(0, MOST_FRAMES)
    .map((frame) => frame.trim())
    .join(' | ');
};

const errorText = (error: Error): string =>
  plainText(`${String(readProperty(error, 'name'))}: ${String(readProperty(error, 'message'))}`);

const isLeftOut = (value: LogFacts[string]): boolean => typeof value === 'string' && value.endsWith(LEFT_OUT);

/** A value as a line can hold it; undefined for what says nothing. */
const plainValue = (value: unknown): LogFacts[string] => {
  if (typeof value === 'string') return plainText(value);
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return String(value);
  if (value === undefined || value === null) return undefined;
  if (isError(value)) return errorText(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (!Array.isArray(value)) return LEFT_OUT;
  const entries = value
    .slice(0, MOST_ENTRIES)
    .map(plainValue)
    .filter((entry) => entry !== undefined);
  return entries.some(isLeftOut) ? LEFT_OUT : entries.map(String);
};

const entriesOf = (facts: unknown): readonly (readonly [string, unknown])[] => {
  if (facts === undefined || facts === null) return [];
  if (isError(facts)) return [['error', facts]];
  if (typeof facts !== 'object' || Array.isArray(facts)) return [['facts', {}]];
  try {
    return Object.entries(facts).slice(0, MOST_FACTS);
  } catch {
    // A getter that throws tells nothing, and a line of a log must not fail a job.
    return [['facts', {}]];
  }
};

/**
 * Makes a line of what a handler says, which no type has checked: texts, numbers, booleans, times, errors and lists of
 * those are kept, at most 32 facts, 8,192 characters a text; objects are left out, as they may be a payload. Never throws.
 */
export const plainLine = (message: unknown, given: unknown): PlainLine => {
  const facts: Record<string, LogFacts[string]> = {};
  const leftOut: string[] = [];
  for (const [name, value] of entriesOf(given)) {
    const plain = plainValue(value);
    facts[name] = plain;
    if (isLeftOut(plain)) leftOut.push(name);
    if (isError(value)) facts[`${name}_stack`] = framesOf(value);
  }
  const text = typeof message === 'string' ? plainText(message) : LEFT_OUT;
  return { message: text, facts, leftOut: isLeftOut(text) ? ['message', ...leftOut] : leftOut };
};
