import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type AppOptions, defineApp } from '../../../src/core/app.ts';
import { completed } from '../../../src/core/completion.ts';
import { EsteiraError } from '../../../src/core/errors.ts';
import { followersOf } from '../../../src/core/followers.ts';
import { inboxesOf } from '../../../src/core/inbox.ts';
import { defineJob } from '../../../src/core/job.ts';
import { knownTenants } from '../../../src/core/tenants.ts';
import { trigger } from '../../../src/core/trigger.ts';
import { paid, plain } from './definitions.ts';

type Paid = { amount: number };

const app = (...jobs: AppOptions['jobs']) =>
  defineApp({ name: 'shop', events: [paid], jobs, tenants: knownTenants(['acme']), tiers: ['1s'] });

const problemsOf = (...jobs: AppOptions['jobs']): unknown => {
  try {
    app(...jobs);
  } catch (error) {
    if (error instanceof EsteiraError && error.code === 'ESTEIRA_DEFINITION_INVALID')
      return error.facts['problems'];
    throw error;
  }
  return 'accepted';
};

const amount = z.object({ amount: z.number() });
const charge = defineJob(plain<Paid>({ type: 'charge', on: paid }));
const report = defineJob(plain<Paid>({ type: 'report', payload: amount }));

describe('a job type that follows another', () => {
  it('is known by whom it follows, with its way to be dispatched', () => {
    const pack = defineJob(plain<Paid>({ type: 'pack', after: completed(charge), payload: amount }));
    const thank = defineJob(plain<Paid>({ type: 'thank', after: [completed(charge), completed(pack)] }));
    const shop = app(charge, pack);
    const found = followersOf(shop, 'charge').map(({ job, format }) => [job.type, format.kind, format.type]);
    expect(found).toEqual([['pack', 'json', 'shop.job.pack']]);
    expect(followersOf(shop, 'pack')).toEqual([]);
    expect(thank.after.map(({ parent }) => parent)).toEqual(['charge', 'pack']);
  });

  it('takes over how the payload of the other travels, also from one that took it over itself', () => {
    const ofEvent = defineJob(plain<Paid>({ type: 'pack', after: completed(charge) }));
    const ofFollower = defineJob(plain<Paid>({ type: 'ship', after: completed(ofEvent) }));
    const ofDispatch = defineJob(plain<Paid>({ type: 'print', after: completed(report) }));
    expect(ofEvent.payload).toEqual({ avro: paid.contract, check: paid.check });
    expect(ofFollower.payload).toEqual(ofEvent.payload);
    expect(ofDispatch.payload).toBe(amount);
    const shop = app(charge, report, ofEvent, ofFollower, ofDispatch);
    expect(followersOf(shop, 'pack').map(({ format }) => format.kind)).toEqual(['avro']);
    expect(inboxesOf('shop', ofEvent)).toContain('shop.job.pack.high');
  });

  it('adds a tier for its delay, and keeps its own map, condition, delay and priority', () => {
    const options = { map: ({ amount: cents }: Paid) => ({ cents }), delay: '7m', priority: 2 } as const;
    const completion = completed(charge, { ...options, when: (payload) => payload.amount > 1 });
    expect(completion).toMatchObject({ parent: 'charge', delayMs: 420_000, priority: 2 });
    expect(completion.map({ amount: 3 })).toEqual({ cents: 3 });
    expect([1, 2].map((one) => completion.when({ amount: one }))).toEqual([false, true]);
    const payload = z.object({ cents: z.number() });
    const job = defineJob({ ...plain<{ cents: number }>({ type: 'pack', after: completion }), payload });
    expect(app(charge, job).ladderMs).toContain(420_000);
  });
});

describe('what cannot be followed is refused by name', () => {
  it('a job type that is not there, or is named twice', () => {
    const stranger = defineJob(plain<Paid>({ type: 'stranger', on: paid }));
    const lost = defineJob(plain<Paid>({ type: 'lost', after: completed(stranger) }));
    const twice = defineJob(
      plain<Paid>({ type: 'twice', after: [completed(charge), completed(charge)], payload: amount }),
    );
    expect(problemsOf(charge, lost, twice)).toEqual([
      "job lost follows stranger, which is not among the app's jobs",
      'job twice follows charge twice',
    ]);
  });

  it('circles, each once, with everybody in them', () => {
    const of = (type: string, ...parents: string[]) =>
      defineJob(
        plain<Paid>({
          ...{ type, payload: amount },
          after: parents.map((parent) => completed(defineJob(plain<Paid>({ type: parent })))),
        }),
      );
    expect(problemsOf(of('a', 'b'), of('b', 'c'), of('c', 'a'), of('d', 'a'), of('e', 'e'))).toEqual([
      'jobs follow one another in a circle, which would never end: a after b after c after a',
      'jobs follow one another in a circle, which would never end: e after e',
    ]);
    expect(problemsOf(of('a'), of('b', 'a'), of('c', 'a'), of('d', 'b', 'c'))).toBe('accepted');
  });

  it('a payload of which nobody says how it travels', () => {
    const mapped = defineJob(plain<number>({ type: 'mapped', after: completed(charge, { map: () => 1 }) }));
    const two = defineJob(plain<Paid>({ type: 'two', after: [completed(charge), completed(report)] }));
    const odd = defineJob(plain<string>({ type: 'odd', on: trigger(paid, { map: () => 'x' }) }));
    const afterOdd = defineJob(plain<string>({ type: 'after-odd', after: completed(odd) }));
    const unknown =
      'but it is not known how its payload travels: add payload (a Zod schema, or { avro, check })';
    expect(problemsOf(charge, report, mapped, two, odd, afterOdd)).toEqual([
      `job mapped follows charge, ${unknown}`,
      `job two follows charge and report, ${unknown}`,
      `job after-odd follows odd, ${unknown}`,
    ]);
  });

  it('a delay longer than its maxAge, or one that no tier keeps', () => {
    const late = defineJob(
      plain<Paid>({ type: 'late', after: completed(charge, { delay: '2h' }), maxAge: '1h' }),
    );
    const never = defineJob(plain<Paid>({ type: 'never', after: completed(charge, { delay: '4000d' }) }));
    expect(problemsOf(charge, late, never)).toEqual([
      'job late: maxAge is 1h, but its trigger on the completion of charge waits 2h: no such job could start',
      expect.stringMatching(/^job never: the delay of its trigger on the completion of charge/),
    ]);
  });

  it('a priority or a delay that is none', () => {
    expect(() => completed(charge, { priority: 11 })).toThrow(/completion of charge: priority is 11/);
    expect(() => completed(charge, { delay: -1 })).toThrow(/completion of charge: delay/);
  });
});
