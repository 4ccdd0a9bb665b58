import type { Completion } from './completion.ts';
import { type DispatchFormat, dispatchFormat } from './dispatch.ts';
import type { JobDefinition } from './job.ts';
import type { Problems } from './problems.ts';

type Jobs = readonly JobDefinition<unknown>[];

/** A job type that follows another, and how. */
export interface Follower {
  readonly job: JobDefinition<unknown>;
  readonly completion: Completion<unknown>;
  /** How its payload travels. */
  readonly format: DispatchFormat;
}

/** Who follows a job type, in the order of the app's jobs. */
export const followersOf = (
  { name, jobs }: { readonly name: string; readonly jobs: Jobs },
  parent: string,
): readonly Follower[] =>
  jobs.flatMap((job) => {
    const completion = job.after.find((one) => one.parent === parent);
    const format = dispatchFormat(name, job);
    return completion === undefined || format === undefined ? [] : [{ job, completion, format }];
  });

/** What each job type follows must exist, once; it must be known how its payload travels; and there is no circle. */
export const checkFollowers = (name: string, jobs: Jobs, problems: Problems): void => {
  const types = new Set(jobs.map(({ type }) => type));
  for (const job of jobs) {
    const parents = job.after.map(({ parent }) => parent);
    for (const parent of new Set(parents)) {
      if (!types.has(parent))
        problems.add(`job ${job.type} follows ${parent}, which is not among the app's jobs`);
      if (parents.filter((one) => one === parent).length > 1)
        problems.add(`job ${job.type} follows ${parent} twice`);
    }
    if (parents.length > 0 && dispatchFormat(name, job) === undefined) {
      problems.add(
        `job ${job.type} follows ${parents.join(' and ')}, but it is not known how its payload travels: add payload (a Zod schema, or { avro, check })`,
      );
    }
  }
  for (const circle of circlesOf(jobs)) {
    problems.add(
      `jobs follow one another in a circle, which would never end: ${[...circle, circle[0]].join(' after ')}`,
    );
  }
};

/** Every circle once, as the types in it, each followed by the one it follows. */
const circlesOf = (jobs: Jobs): readonly (readonly string[])[] => {
  const parents = new Map(jobs.map(({ type, after }) => [type, after.map(({ parent }) => parent)]));
  const circles: string[][] = [];
  const done = new Set<string>();
  const visit = (type: string, trail: readonly string[]): void => {
    const at = trail.indexOf(type);
    if (at >= 0) circles.push(trail.slice(at));
    if (at >= 0 || done.has(type)) return;
    for (const parent of parents.get(type) ?? []) visit(parent, [...trail, type]);
    done.add(type);
  };
  for (const { type } of jobs) visit(type, []);
  return circles;
};
