import type { Problems } from './problems.ts';

/** What an app has opened for its handlers, such as a pool of connections to a database. */
export interface AppResource {
  /** What log lines of a stop call it. */
  readonly name: string;
  /** Closes it, when no handler runs any more. After 5 s the stop goes on without it. */
  close(): unknown;
}

/** Log lines of a stop must say which one they mean. */
export const checkResources = (resources: readonly AppResource[], problems: Problems): void => {
  const names = resources.map(({ name }) => name);
  for (const [index, name] of names.entries()) {
    if (name === '') problems.add('a resource has no name: log lines of a stop need one');
    else if (names.indexOf(name) !== index) problems.add(`resource ${name} is there twice`);
  }
};
