import fc from 'fast-check';
import type { LimitStore } from '../../../src/core/ports/limits.ts';

/** Ends at once, or not within a test: only the calls decide what is alive. */
const lease = fc.constantFrom(0, 3_600_000, 3_600_000);
const holders = fc.uniqueArray(fc.constantFrom('h1', 'h2', 'h3', 'h4', 'h5', 'h6'), { maxLength: 4 });
const asker = fc.constantFrom('a', 'b', 'c');
const call = <const C extends string>(name: C) => fc.constant(name);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ call: call('acquire'), holders, asker, lease }) },
  { weight: 2, arbitrary: fc.record({ call: call('renew'), holders, asker, lease }) },
  { weight: 3, arbitrary: fc.record({ call: call('release'), holders, asker, lease }) },
  {
    weight: 3,
    arbitrary: fc.record({ call: fc.constantFrom('lock', 'renewLock', 'unlock'), holders, asker, lease }),
  },
);

/** One call about one limit of three slots, or about one lock. */
export type LimitStep = typeof step extends fc.Arbitrary<infer S> ? S : never;

export const limitHistories = fc.array(step, { minLength: 20, maxLength: 30, size: 'max' });

/** What was answered, without times, and what is special about it. */
export interface LimitAnswer {
  readonly call: LimitStep['call'];
  readonly answer: unknown;
  readonly note: readonly ('refused' | 'freed' | 'lost' | 'gone')[];
}

const playOne = async (limits: LimitStore, queue: string, one: LimitStep): Promise<LimitAnswer> => {
  const id = { queue, holders: one.holders };
  const lock = { tenant: 'acme', key: queue, owner: one.asker, ttlMs: one.lease };
  if (one.call === 'acquire') {
    const [answer] = await limits.acquire([{ ...id, most: 3, asker: one.asker, leaseMs: one.lease }]);
    const { granted = [], freed = 0, used = 0 } = answer ?? {};
    return {
      ...{ call: one.call, answer: { granted, freed, used } },
      note: [
        ...(granted.length < one.holders.length ? (['refused'] as const) : []),
        ...(freed > 0 ? (['freed'] as const) : []),
      ],
    };
  }
  if (one.call === 'renew') {
    const [answer] = await limits.renewSlots([{ ...id, leaseMs: one.lease }]);
    return { call: one.call, answer, note: (answer?.lost.length ?? 0) > 0 ? ['lost'] : [] };
  }
  if (one.call === 'release') return { call: one.call, answer: await limits.releaseSlots([id]), note: [] };
  if (one.call === 'unlock') return { call: one.call, answer: await limits.unlock([lock]), note: [] };
  // A lock of no time still lives a millisecond, which may pass or not: locks of histories last.
  const lasting = { ...lock, ttlMs: 3_600_000 };
  if (one.call === 'lock') {
    return { call: one.call, answer: (await limits.lock([lasting]))[0]?.kind, note: [] };
  }
  const [renewed] = await limits.renewLocks([lasting]);
  return { call: one.call, answer: renewed, note: renewed === 'gone' ? ['gone'] : [] };
};

/** Plays a history on a store. */
export const playLimits = async (
  limits: LimitStore,
  queue: string,
  history: readonly LimitStep[],
): Promise<readonly LimitAnswer[]> => {
  const answers: LimitAnswer[] = [];
  for (const one of history) answers.push(await playOne(limits, queue, one));
  return answers;
};
