import fc from 'fast-check';
import type { ClaimAnswer, StateStore } from '../../../src/core/ports/state.ts';

/** Lives longer than a test, so that only the calls decide what is alive. */
const FOR_EVER_MS = 3_600_000;

/** The tenants of the histories. */
export const TENANTS = ['acme', 'beta'] as const;

/** Small, so that requests meet: 2 tenants × 2 keys × 3 jobs × 3 hops × 2 copies. */
const names = fc.record({
  tenant: fc.constantFrom(...TENANTS),
  idempotencyKey: fc.constantFrom('k1', 'k2'),
  jobId: fc.constantFrom('j1', 'j2', 'j3'),
});
const hop = fc.constantFrom(0, 0, 0, 1, 1, 2);
const position = fc.constantFrom('copy-a', 'copy-b');
const origin = fc.constantFrom('origin-a', 'origin-b');
/** Ends at once, or never. */
const lease = fc.constantFrom(0, FOR_EVER_MS);
/** Mostly about the claim whose fence is used, sometimes about another. */
const aimed = fc.constantFrom(true, true, true, false);
/** Which of the fences given out so far, counted from the latest; past the first one: a fence nobody had. */
const fence = fc.constantFrom(0, 0, 0, 1, 1, 2, 5, 99);
const bytes = fc.uint8Array({ maxLength: 4 }).map((data) => Buffer.from(data));

const claims = fc.record({
  ...{ call: fc.constant('claim' as const), names, hop, position, origin, lease },
  attempt: fc.integer({ min: 1, max: 4 }),
  starts: fc.integer({ min: 0, max: 4 }),
  run: fc.constantFrom('r1', 'r2', 'r3'),
});
const settlements = fc.record({
  ...{ call: fc.constant('decide' as const), names, aimed, hop, position, origin, bytes },
  fence: fc.option(fence, { nil: undefined }),
});
const others = fc.record({
  call: fc.constantFrom('renew', 'release', 'complete', 'told', 'settled'),
  ...{ names, aimed, hop, position, origin, fence, lease, bytes },
});

type Claim = typeof claims extends fc.Arbitrary<infer T> ? T : never;
type Decide = typeof settlements extends fc.Arbitrary<infer T> ? T : never;
type Other = typeof others extends fc.Arbitrary<infer T> ? T : never;

/** One request; a step is up to three of one kind, sent as one batch. */
export type Step = readonly (Claim | Decide | Other)[];

const batchOf = <T>(request: fc.Arbitrary<T>): fc.Arbitrary<readonly T[]> =>
  fc.array(request, { minLength: 1, maxLength: 3 });

/** Random calls, claims most often. */
export const histories: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: batchOf(claims) },
    { weight: 2, arbitrary: batchOf(settlements) },
    { weight: 5, arbitrary: others.map((request) => [request]) },
  ),
  { minLength: 30, maxLength: 40, size: 'max' },
);

/** Plays histories on one store; fences are named by their order, times are left out, so that answers can be compared. */
export class Player {
  readonly #store: StateStore;
  readonly #jobType: string;
  readonly #grants: Grant[] = [];

  /** `jobType` sets a history apart from all others on the same store. */
  constructor(store: StateStore, jobType: string) {
    this.#store = store;
    this.#jobType = jobType;
  }

  /** The answers, comparable. */
  async play(history: readonly Step[]): Promise<readonly string[]> {
    const seen: string[] = [];
    for (const step of history) {
      const answers = await this.#ask(step);
      if (step[0]?.call === 'claim') this.#noteGrants(step, answers);
      seen.push(JSON.stringify(answers ?? 'nothing', (name, value) => this.#comparable(name, value)));
    }
    return seen;
  }

  /** Fences in the order they were given out under one tenant; there is no order between tenants. */
  fencesOf(tenant: string): readonly number[] {
    return this.#grants.filter(({ names }) => names.tenant === tenant).map(({ fence }) => fence);
  }

  #noteGrants(step: Step, answers: unknown): void {
    if (!Array.isArray(answers)) return;
    answers.forEach((answer: ClaimAnswer, i) => {
      const request = step[i];
      if (request === undefined || (answer.kind !== 'run' && answer.kind !== 'dead')) return;
      if (this.#ordinal(answer.fence) < 0) {
        this.#grants.push({ fence: answer.fence, names: request.names, hop: request.hop });
      }
    });
  }

  #ordinal(fence: number): number {
    return this.#grants.findIndex((grant) => grant.fence === fence);
  }

  #comparable(name: string, value: unknown): unknown {
    if (name === 'untilMs' || name === 'nowMs') return 'a time';
    return name === 'fence' && typeof value === 'number' ? `fence ${this.#ordinal(value)}` : value;
  }

  #ask(step: Step): Promise<unknown> {
    const of = <C extends Step[number]['call']>(call: C) =>
      step.filter((request): request is Extract<Step[number], { call: C }> => request.call === call);
    switch (step[0]?.call) {
      case 'claim':
        return this.#store.claim(
          of('claim').map((request) => ({ ...this.#base(request), ...claimPart(request) })),
        );
      case 'decide':
        return this.#store.decide(
          of('decide').map((request) => ({ ...this.#base(request), ...this.#decidePart(request) })),
        );
      default:
        return this.#askOther(step[0]);
    }
  }

  #askOther(request: Step[number] | undefined): Promise<unknown> {
    if (request === undefined || request.call === 'claim' || request.call === 'decide')
      return Promise.resolve();
    const store = this.#store;
    const job = { ...this.#base(request), fence: this.#fence(request.fence), leaseMs: request.lease };
    switch (request.call) {
      case 'renew':
        return store.renew([job]);
      case 'release':
        return store.release([job]);
      case 'complete':
        return store.complete([{ ...job, ...this.#mark(job.fence), event: request.bytes }]);
      case 'told':
        return store.told([{ ...job, ...this.#mark(job.fence) }]);
      case 'settled':
        return store.settled([job]);
    }
  }

  #base(request: Step[number]) {
    const { names, hop, position, origin } = request;
    const grant = request.call !== 'claim' && request.aimed ? this.#grant(request.fence ?? 0) : undefined;
    return { ...(grant?.names ?? names), jobType: this.#jobType, hop: grant?.hop ?? hop, position, origin };
  }

  /** What `complete` and `told` say alike of a mark. */
  #mark(fence: number) {
    return { origin: `the origin of fence ${this.#ordinal(fence)}`, doneTtlMs: FOR_EVER_MS };
  }

  #decidePart(request: Decide) {
    const part = { decision: request.bytes, ttlMs: FOR_EVER_MS };
    return request.fence === undefined ? part : { ...part, fence: this.#fence(request.fence) };
  }

  #fence(fromLatest: number): number {
    return this.#grant(fromLatest)?.fence ?? NOBODYS_FENCE;
  }

  #grant(fromLatest: number): Grant | undefined {
    return this.#grants[this.#grants.length - 1 - fromLatest];
  }
}

/** A fence and the request that got it. */
interface Grant {
  readonly fence: number;
  readonly names: Step[number]['names'];
  readonly hop: number;
}

const NOBODYS_FENCE = 7;

const claimPart = ({ attempt, starts, run, lease }: Claim) => ({
  ...{ attempt, starts, run, leaseMs: lease },
  ...{ maxAttempts: 3, maxStarts: 4 },
});
