import { EsteiraError } from '../../core/errors.ts';
import { unknownName } from '../../core/nearest-name.ts';
import { hasFields } from './payload-difference.ts';

/** How a payload is to be changed: a whole new one, or some places of it. */
export type PayloadChange =
  | { readonly payload: unknown }
  | { readonly sets: readonly { readonly path: string; readonly value: string }[] };

const wrong = (message: string): EsteiraError => new EsteiraError('ESTEIRA_USAGE', message);

/** `lines[0].amount` as its names and places. @throws EsteiraError ESTEIRA_USAGE */
const stepsOf = (path: string): readonly (string | number)[] => {
  const steps: (string | number)[] = [];
  const pattern = /(?:^|\.)([^.[\]]+)|\[(\d{1,9})\]/gy;
  while (pattern.lastIndex < path.length) {
    const match = pattern.exec(path);
    if (match === null) throw wrong(`--set ${path}: give a path such as customer.name or lines[0].amount`);
    steps.push(match[1] ?? Number(match[2]));
  }
  if (steps.length === 0) throw wrong('--set: give a path such as customer.name or lines[0].amount');
  return steps;
};

/** JSON where it is JSON; text where a text stood, or where it is none. `null`, and a text in quotes, are JSON anywhere. */
const valueFor = (text: string, before: unknown): unknown => {
  const isQuoted = text.startsWith('"') || text === 'null';
  if (typeof before === 'string' && !isQuoted) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** A copy with another value at the end of the steps; everything else is shared. */
const withValue = (
  value: unknown,
  steps: readonly (string | number)[],
  text: string,
  path: string,
): unknown => {
  const [step, ...rest] = steps;
  if (step === undefined) return valueFor(text, value);
  if (typeof step === 'number') {
    if (!Array.isArray(value) || step >= value.length)
      throw wrong(
        `--set ${path}: there is no [${step}]: ${Array.isArray(value) ? `the list has ${value.length}` : 'it is no list'}`,
      );
    return value.with(step, withValue(value[step], rest, text, path));
  }
  if (!hasFields(value)) throw wrong(`--set ${path}: there is no ${step}: what is before it has no fields`);
  const before: unknown = Object.hasOwn(value, step) ? Reflect.get(value, step) : undefined;
  // The last may be new: an optional field that was left out. What the schema does not have is refused later.
  if (before === undefined && rest.length > 0)
    throw wrong(`--set ${path}: ${unknownName('there is no', step, Object.keys(value))}`);
  return { ...value, [step]: withValue(before, rest, text, path) };
};

/**
 * The payload as it is to be; what was before is not changed.
 *
 * @throws EsteiraError ESTEIRA_USAGE when a path leads nowhere, or there is no payload to change parts of
 */
export const changePayload = (before: unknown, change: PayloadChange): unknown => {
  if ('payload' in change) return change.payload;
  if (before === undefined)
    throw wrong('its payload cannot be read, so no part of it can be set: give the whole with --payload');
  return change.sets.reduce<unknown>(
    (value, { path, value: text }) => withValue(value, stepsOf(path), text, path),
    before,
  );
};
