import { isError, readProperty } from '../core/error-facts.ts';
import { redactText } from './redact-text.ts';
import { judgeName } from './secret-names.ts';

export { redactText } from './redact-text.ts';

const DEEPEST = 6;
const MOST_ENTRIES = 50;
const MOST_NODES = 1_000;
const MOST_CHARACTERS = 65_536;
const LONGEST_TEXT = 1_024;

/** What is left of the allowance while a value is copied. */
interface Walk {
  nodes: number;
  characters: number;
  readonly above: Set<object>;
}

const copyList = (list: readonly unknown[], depth: number, walk: Walk): unknown => {
  const copy = list.slice(0, MOST_ENTRIES).map((one) => copyOf(one, depth + 1, walk));
  return list.length > MOST_ENTRIES ? [...copy, `[${list.length - MOST_ENTRIES} more]`] : copy;
};

/** What stands in place of a value whose name is a secret's; undefined when the value is to be looked at. */
const hiddenByName = (name: string, value: unknown): string | undefined => {
  const verdict = judgeName(name);
  if (verdict === 'plain' || value === null || value === undefined || typeof value === 'boolean')
    return undefined;
  return verdict === 'card' ? '[redacted:card-number]' : '[redacted:named-secret]';
};

const copyFields = (
  names: readonly string[],
  read: (name: string) => unknown,
  depth: number,
  walk: Walk,
): unknown => {
  const copy: Record<string, unknown> = {};
  for (const name of names.slice(0, MOST_ENTRIES)) {
    const value = hiddenByName(name, read(name)) ?? copyOf(read(name), depth + 1, walk);
    // Defined, not assigned: a field may be called __proto__.
    Object.defineProperty(copy, redactText(name, 200), {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return names.length > MOST_ENTRIES ? { ...copy, '…': `${names.length - MOST_ENTRIES} more` } : copy;
};

const namesOf = (value: object): readonly string[] => {
  try {
    return Object.keys(value);
  } catch {
    // A hostile proxy has no names to tell.
    return [];
  }
};

const copyObject = (value: object, depth: number, walk: Walk): unknown => {
  if (Array.isArray(value)) return copyList(value, depth, walk);
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof Set) return copyList([...value], depth, walk);
  if (value instanceof Map) {
    const entries = new Map([...value].map(([name, one]: [unknown, unknown]) => [String(name), one]));
    return copyFields([...entries.keys()], (name) => entries.get(name), depth, walk);
  }
  const own = isError(value)
    ? ['name', 'message', 'cause'].filter((name) => readProperty(value, name) !== undefined)
    : [];
  return copyFields(
    [...new Set([...own, ...namesOf(value)])],
    (name) => readProperty(value, name),
    depth,
    walk,
  );
};

const copyOf = (value: unknown, depth: number, walk: Walk): unknown => {
  walk.nodes += 1;
  if (walk.nodes > MOST_NODES || walk.characters > MOST_CHARACTERS) return '[more]';
  if (typeof value === 'string') {
    walk.characters += value.length;
    return redactText(value, LONGEST_TEXT);
  }
  if (typeof value === 'bigint') return redactText(String(value), LONGEST_TEXT);
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`;
  if (typeof value !== 'object' || value === null) return value;
  if (walk.above.has(value)) return '[circular]';
  if (depth >= DEEPEST) return '[deeper]';
  walk.above.add(value);
  try {
    return copyObject(value, depth, walk);
  } catch {
    // A hostile proxy or a throwing iterator: that it cannot be read is all there is to say.
    return '[unreadable]';
  } finally {
    walk.above.delete(value);
  }
};

/**
 * A copy fit for logs: secrets hidden by the names of fields and the shape of values, bytes counted instead of shown,
 * bounded to 6 levels, 50 entries a level, 1,000 values and 64 Ki characters in all, and 1,024 bytes a text. Never throws.
 */
export const redactValue = (value: unknown): unknown =>
  copyOf(value, 0, { nodes: 0, characters: 0, above: new Set() });
