import { readProperty } from '../../core/error-facts.ts';

const MOST_ENTRIES = 64;
const LONGEST_TEXT = 8_192;

/** Read also where they are getters of a class, as those of a Response are. */
const KNOWN_NAMES = ['code', 'errno', 'status', 'statusCode', 'headers', 'httpStatusCode', 'throttling'];

/** Pairs of a Headers object or a Map. */
const pairsOf = (value: object): readonly (readonly [string, unknown])[] => {
  const pairs: [string, unknown][] = [];
  try {
    const walk = Reflect.get(value, Symbol.iterator);
    if (typeof walk !== 'function') return pairs;
    const steps: Iterator<unknown> = Reflect.apply(walk, value, []);
    for (let step = steps.next(); step.done !== true && pairs.length < MOST_ENTRIES; step = steps.next()) {
      if (Array.isArray(step.value)) pairs.push([String(step.value[0]), step.value[1]]);
    }
  } catch {
    // A walk that throws tells no more than it has told; the error it belongs to must still get home.
  }
  return pairs;
};

const namesOf = (value: object): readonly string[] => {
  try {
    return [...new Set([...Object.keys(value).slice(0, MOST_ENTRIES), ...KNOWN_NAMES])];
  } catch {
    return KNOWN_NAMES;
  }
};

/**
 * What can be sent of a value of unknown make: texts (cut), numbers, and the like inside of arrays and objects down to
 * `depth`. Functions and what lies deeper are left out. Never throws, whatever getters do.
 */
export const plainData = (value: unknown, depth: number): unknown => {
  if (typeof value === 'string') return value.slice(0, LONGEST_TEXT);
  if (typeof value === 'symbol') return String(value);
  if (typeof value === 'function') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0 || ArrayBuffer.isView(value)) return undefined;
  if (Array.isArray(value)) return value.slice(0, MOST_ENTRIES).map((one) => plainData(one, depth - 1));
  const pairs = [
    ...namesOf(value).map((name): [string, unknown] => [name, readProperty(value, name)]),
    ...pairsOf(value),
  ];
  const data: Record<string, unknown> = {};
  for (const [name, one] of pairs) {
    const plain = plainData(one, depth - 1);
    if (plain !== undefined) data[name] = plain;
  }
  return data;
};
