import { z } from 'zod';

/** What a worker says of a job. */
const Step = z.object({
  step: z.enum(['started', 'done']),
  index: z.number(),
  key: z.string(),
  atMs: z.number(),
});
type Step = z.infer<typeof Step> & { readonly worker: string };

/** What two workers said of their jobs, and what follows from it when one is killed. */
export class RecoveryLog {
  readonly #steps: Step[] = [];
  readonly #killed: string;
  #killedMs = Number.POSITIVE_INFINITY;

  /** `killed` is the worker that will be. */
  constructor(killed: string) {
    this.#killed = killed;
  }

  add(worker: string, word: unknown): void {
    this.#steps.push({ ...Step.parse(word), worker });
  }

  kill(atMs: number): void {
    this.#killedMs = atMs;
  }

  /** Jobs that the killed worker had started and not finished. */
  inFlight(): readonly number[] {
    const of = (step: Step['step']): Set<number> =>
      new Set(
        this.#steps.filter((one) => this.#byKilled(one) && one.step === step).map(({ index }) => index),
      );
    const done = of('done');
    return [...of('started')].filter((index) => !done.has(index));
  }

  /** Seconds from the kill until the last of what it had in flight ran again; undefined while one does not. */
  recoverySeconds(): number | undefined {
    const again = this.inFlight().map((index) => this.#startedElsewhere((step) => step.index === index));
    const last = Math.max(...again.map((atMs) => atMs ?? Number.POSITIVE_INFINITY));
    return Number.isFinite(last) ? (last - this.#killedMs) / 1_000 : undefined;
  }

  /** Seconds from the kill until the first job of a key that the killed worker served started elsewhere. */
  takeOverSeconds(): number | undefined {
    const keys = new Set(this.#steps.filter((step) => this.#byKilled(step)).map(({ key }) => key));
    const first = this.#startedElsewhere(({ key, atMs }) => keys.has(key) && atMs > this.#killedMs);
    return first === undefined ? undefined : (first - this.#killedMs) / 1_000;
  }

  /** How many of `count` jobs never took effect, and how many effects came on top. */
  effects(count: number): { readonly missing: number; readonly repeated: number } {
    const done = this.#steps.filter(({ step }) => step === 'done').map(({ index }) => index);
    const distinct = new Set(done).size;
    return { missing: count - distinct, repeated: done.length - distinct };
  }

  #byKilled({ worker }: Step): boolean {
    return worker === this.#killed;
  }

  #startedElsewhere(wanted: (step: Step) => boolean): number | undefined {
    return this.#steps.find(
      (one) => !this.#byKilled(one) && one.step === 'started' && one.atMs > this.#killedMs && wanted(one),
    )?.atMs;
  }
}
