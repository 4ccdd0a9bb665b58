import { randomBytes } from 'node:crypto';
import type { ZodType } from 'zod';
import type { BenchArguments } from '../arguments.ts';
import { type Child, type ChildOptions, startChild } from './child.ts';
import type { CompiledBench } from './compiled.ts';
import { removeLeftovers } from './leftovers.ts';
import { foreignCores, sampleLoad } from './machine-load.ts';
import type { Services } from './services.ts';
import { type Sizes, sizesOf } from './sizes.ts';

/** What a program may say about a process it starts. */
export type StartOptions<R> = Partial<Pick<ChildOptions<R>, 'flags' | 'onWord' | 'timeoutMs'>>;

/** What every program runs on. */
export class Stage {
  readonly sizes: Sizes;
  readonly rounds: number;
  readonly small: boolean;
  readonly env: Readonly<Record<string, string>>;
  /** Begins the name of everything this run makes. */
  readonly #prefix = `bench-${randomBytes(3).toString('hex')}`;
  readonly #services: Services;
  readonly #compiled: CompiledBench;
  #names = 0;
  #loads: number[] = [];

  constructor(args: BenchArguments, services: Services, compiled: CompiledBench) {
    this.sizes = sizesOf(args.small);
    this.rounds = args.rounds;
    this.small = args.small;
    this.env = services.env;
    this.#services = services;
    this.#compiled = compiled;
  }

  /** A name nobody has used, kebab-case: topics, groups, keys and ids of two runs never meet. */
  freshName(what: string): string {
    this.#names += 1;
    // Ends in a letter: no name is the beginning of another.
    return `${this.#prefix}-${what}-${this.#names}x`;
  }

  /** Says what goes on; standard output is kept for results. */
  tell(line: string): void {
    console.error(`bench: ${line}`);
  }

  /** Starts a program of bench/contestants. */
  start<R>(contestant: string, input: unknown, result: ZodType<R>, options: StartOptions<R> = {}): Child<R> {
    const program = this.#compiled.pathOf(`bench/contestants/${contestant}.ts`);
    return startChild({ program, input, result, env: this.env, ...options });
  }

  /** Runs something and notes how busy others kept the machine meanwhile. Its children must have ended. */
  async watched<T>(run: () => Promise<T>): Promise<T> {
    const from = sampleLoad(this.#services.pids);
    const result = await run();
    const to = sampleLoad(this.#services.pids);
    if (from !== undefined && to !== undefined) this.#loads.push(foreignCores(from, to));
    return result;
  }

  /** The loads noted since the last call. */
  takeLoads(): readonly number[] {
    return this.#loads.splice(0);
  }

  /** Removes what was made under a fresh name, or everything. */
  clear(name = this.#prefix): Promise<void> {
    return removeLeftovers(this.env, name);
  }
}
