import type { PersonalFields } from '../../security/personal-fields.ts';
import { redactText } from '../../security/redact.ts';
import { redactPayload } from '../../security/redact-payload.ts';

/** What an edit changes at one place. Values are JSON, redacted, cut; null where there is none. */
export interface PayloadDifference {
  /** Such as `lines[0].amountCents`; `(payload)` for the payload itself. */
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
}

const LONGEST_SHOWN = 200;

const shown = (value: unknown): string | null => {
  if (value === undefined) return null;
  const text = JSON.stringify(value) ?? String(value);
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
};

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/** An object with fields, and neither a list nor bytes. */
export const hasFields = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !isList(value) && !(value instanceof Uint8Array);

const isSame = (a: unknown, b: unknown): boolean => {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
  return Object.is(a, b);
};

/** A value beside what may be shown of it. */
interface Pair {
  readonly real: unknown;
  readonly shown: unknown;
}

const at = (pair: Pair, name: string): Pair => ({
  real: hasFields(pair.real) || isList(pair.real) ? Reflect.get(pair.real, name) : undefined,
  shown: hasFields(pair.shown) || isList(pair.shown) ? Reflect.get(pair.shown, name) : pair.shown,
});

const namesOf = (...values: readonly unknown[]): readonly string[] => [
  ...new Set(values.flatMap((value) => (hasFields(value) || isList(value) ? Object.keys(value) : []))),
];

const pathOf = (path: string, name: string, inList: boolean): string => {
  if (inList) return `${path}[${name}]`;
  return path === '' ? name : `${path}.${name}`;
};

const compare = (before: Pair, after: Pair, path: string, found: PayloadDifference[]): void => {
  const inList = isList(before.real) || isList(after.real);
  const isNested = [before.real, after.real].every(
    (one) => one === undefined || hasFields(one) || isList(one),
  );
  const isOneKind =
    before.real === undefined || after.real === undefined || isList(before.real) === isList(after.real);
  const names = namesOf(before.real, after.real);
  if (isNested && isOneKind && names.length > 0) {
    for (const name of names) compare(at(before, name), at(after, name), pathOf(path, name, inList), found);
    return;
  }
  if (
    isSame(before.real, after.real) ||
    (isNested && isOneKind && before.real !== undefined && after.real !== undefined)
  )
    return;
  found.push({
    path: path === '' ? '(payload)' : redactText(path, 200),
    before: before.real === undefined ? null : shown(before.shown),
    after: after.real === undefined ? null : shown(after.shown),
  });
};

/** Where two payloads differ. What is a secret, or marked as personal, is told to differ and not shown. */
export const payloadDifferences = (
  before: unknown,
  after: unknown,
  personal: PersonalFields,
): readonly PayloadDifference[] => {
  const found: PayloadDifference[] = [];
  const pair = (real: unknown): Pair => ({ real, shown: redactPayload(real, personal).value });
  compare(pair(before), pair(after), '', found);
  return found;
};

/** Fields of the first that the second does not have: what a schema that does not know them has left out. */
export const fieldsLost = (from: unknown, to: unknown, path = ''): readonly string[] =>
  namesOf(from).flatMap((name) => {
    const here = pathOf(path, name, isList(from));
    const one: unknown = hasFields(from) || isList(from) ? Reflect.get(from, name) : undefined;
    if (one === undefined) return [];
    const other: unknown = hasFields(to) || isList(to) ? Reflect.get(to, name) : undefined;
    return other === undefined ? [redactText(here, 200)] : fieldsLost(one, other, here);
  });
