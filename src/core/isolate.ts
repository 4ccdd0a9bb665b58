import { positive } from './positive.ts';
import type { Problems } from './problems.ts';

/** The thread an isolated handler runs in. */
export interface IsolateOptions {
  /** Most heap of the thread, MiB; one that needs more fails its attempt. Default: what Node gives a thread. */
  readonly memoryMb?: number;
}

/** Works out `isolate` of a job type; empty where its handler runs in the process's own thread. */
export const resolveIsolate = (
  given: boolean | IsolateOptions | undefined,
  where: string,
  problems: Problems,
): { readonly isolate?: IsolateOptions } => {
  if (given === undefined || given === false) return {};
  const { memoryMb } = given === true ? {} : given;
  if (memoryMb === undefined) return { isolate: {} };
  return {
    isolate: { memoryMb: problems.check(() => positive(memoryMb, `${where}: isolate.memoryMb`), memoryMb) },
  };
};
