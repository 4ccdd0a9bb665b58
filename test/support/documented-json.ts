import { expect } from 'vitest';
import { manual } from '../../src/cli/manual/pages.ts';

/** The documented shape of what a command prints with `--json`; undefined where there is none. */
const shapeOf = (args: readonly string[]) =>
  [args.slice(0, 2), args.slice(0, 1)]
    .map((path) => manual[path.join(' ')]?.json)
    .find((one) => one !== undefined);

/** What a command printed with `--json`, held to its schema: every field is in it, since one that is not would be undocumented. */
export const documentedJson = (args: readonly string[], out: string) => {
  const value = JSON.parse(out);
  const shape = shapeOf(args);
  if (shape !== undefined) expect({ args, value: shape.parse(value) }).toEqual({ args, value });
  return value;
};
