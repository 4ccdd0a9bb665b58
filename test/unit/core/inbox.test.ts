import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineApp } from '../../../src/core/app.ts';
import { groupsOf, subscriptionOf, topicsOf } from '../../../src/core/app-topics.ts';
import { inboxesOf, inboxFor, isInboxOf, ownInboxesOf } from '../../../src/core/inbox.ts';
import { defineJob, type JobOptions } from '../../../src/core/job.ts';
import { isTopicName, names } from '../../../src/core/names.ts';
import { knownTenants } from '../../../src/core/tenants.ts';
import { paid, plain, unchecked } from './definitions.ts';

const payload = z.object({});
const ofType = (changes: Partial<JobOptions<unknown>> = {}) => defineJob<unknown>(plain(changes));
const appOf = (changes: Partial<JobOptions<unknown>>) =>
  defineApp({
    ...{ name: 'shop', events: [paid], jobs: [ofType(changes)], tenants: knownTenants(['acme']) },
    partitions: 3,
  });

describe('the lanes of a job type', () => {
  it.each<[string, Partial<JobOptions<unknown>>, readonly string[]]>([
    ['high for one with a payload, which is dispatched', { payload }, ['high']],
    ['none for one that is only triggered', {}, []],
    ['none for an ordered one: order holds within one lane only', { payload, order: 'key' }, []],
    ['high and low where it asks for them', { lanes: true, order: 'key' }, ['high', 'low']],
    ['none where it says so', { lanes: false, payload }, []],
  ])('are %s', (_what, changes, lanes) => {
    expect(ofType(changes).lanes).toEqual(lanes);
  });

  it('are for priorities 1 to 3 and 8 to 10; where there is no such lane they take the plain inbox', () => {
    const lanesOf = (job: ReturnType<typeof ofType>) =>
      Array.from({ length: 10 }, (_, index) =>
        inboxFor('shop', job, 'acme', index + 1).replace('shop.job.send-receipt', ''),
      );
    const high = ['.high', '.high', '.high'];
    const low = ['.low', '.low', '.low'];
    expect(lanesOf(ofType({ lanes: true }))).toEqual([...high, '', '', '', '', ...low]);
    expect(lanesOf(ofType({ payload }))).toEqual([...high, '', '', '', '', '', '', '']);
    expect(inboxFor('shop', ofType({ lanes: true }), 'acme')).toBe('shop.job.send-receipt');
  });
});

describe('the inboxes of tenants that have their own', () => {
  const job = ofType({ dedicated: ['acme', 'acme', 'big.co'], lanes: true });

  it('are one for each tenant and lane', () => {
    expect(inboxesOf('shop', job)).toEqual([
      'shop.job.send-receipt.high',
      'shop.job.send-receipt.tenant.acme.high',
      'shop.job.send-receipt.tenant.big_2eco.high',
      'shop.job.send-receipt',
      'shop.job.send-receipt.tenant.acme',
      'shop.job.send-receipt.tenant.big_2eco',
      'shop.job.send-receipt.low',
      'shop.job.send-receipt.tenant.acme.low',
      'shop.job.send-receipt.tenant.big_2eco.low',
      'shop.job.send-receipt.surplus',
    ]);
    expect(inboxFor('shop', job, 'big.co', 2)).toBe('shop.job.send-receipt.tenant.big_2eco.high');
    expect(inboxFor('shop', job, 'globex', 2)).toBe('shop.job.send-receipt.high');
  });

  it('have names that Kafka takes and holds apart, whatever the id', () => {
    const ids = ['a.b', 'a_b', 'a_2eb', 'a-b', 'A-B', 'ção', 'high', '.', '/', ' ', 'a:b'];
    const topics = ids.map((id) => names.inbox('shop', 'x', 'normal', id));
    expect(topics.filter((topic) => !isTopicName(topic))).toEqual([]);
    // Kafka refuses two topics whose names differ only in dots and underscores.
    expect(new Set(topics.map((topic) => topic.replaceAll('.', '_'))).size).toBe(ids.length);
  });

  it.each<[string, object, RegExp]>([
    ['on an ordered type', { dedicated: ['acme'], order: 'key' }, /dedicated .* the type is ordered/],
    ['that are no texts', { dedicated: ['acme', ''] }, /no tenant id/],
    ['with an id too long for a topic', { dedicated: ['x'.repeat(230)] }, /Kafka takes 249/],
  ])('are refused %s', (_what, changes, message) => {
    expect(() => appOf(unchecked(changes))).toThrow(message);
  });
});

describe('the topics of an app with lanes and dedicated inboxes', () => {
  const app = appOf({ on: paid, dedicated: ['acme'], lanes: true });
  const [job = ofType()] = app.jobs;

  it('have them among its inboxes, with its partitions', () => {
    const inboxes = topicsOf(app, { replicationFactor: 1 }).filter(({ role }) => role === 'inbox');
    expect(inboxes.map(({ topic }) => topic)).toEqual(inboxesOf('shop', job));
    expect(new Set(inboxes.map(({ partitions }) => partitions))).toEqual(new Set([3]));
  });

  it('are all read by the group of the job type, high lanes first, from their beginning', () => {
    expect(subscriptionOf(app, job).map((topic) => topic.replace('shop.job.send-receipt', '…'))).toEqual([
      ...['….high', '….tenant.acme.high', 'shop.events'],
      ...['…', '….tenant.acme', '….low', '….tenant.acme.low', '….surplus'],
    ]);
    const [group] = groupsOf(app);
    expect(group?.starts.filter(({ from }) => from === 'now').map(({ topic }) => topic)).toEqual([
      'shop.events',
    ]);
  });
});

describe('the surplus of a tenant that floods', () => {
  it.each<[string, object, string]>([
    ['an inbox of its own', {}, 'inbox'],
    ['the waiting topic, where the type is ordered', { order: 'key' }, 'waiting'],
    ['nowhere, where the type says so', { surplus: false }, 'stays'],
  ])('goes to %s', (_where, changes, surplus) => {
    const job = ofType(changes);
    expect(job.surplus).toBe(surplus);
    expect(inboxesOf('shop', job).includes('shop.job.send-receipt.surplus')).toBe(surplus === 'inbox');
    expect(inboxFor('shop', job, 'acme')).toBe('shop.job.send-receipt');
  });

  it('is taken from shared inboxes only', () => {
    expect(ownInboxesOf('shop', ofType({ dedicated: ['acme'], lanes: true }))).toEqual([
      'shop.job.send-receipt.tenant.acme.high',
      'shop.job.send-receipt.tenant.acme',
      'shop.job.send-receipt.tenant.acme.low',
      'shop.job.send-receipt.surplus',
    ]);
  });
});

it('what is, or was, an inbox of a job type is told from those of types with a longer name', () => {
  const topics = ['a', 'a.high', 'a.tenant.x', 'a-b', 'ab.high'].map((tail) => `shop.job.${tail}`);
  expect(topics.map((topic) => isInboxOf('shop', 'a', topic))).toEqual([true, true, true, false, false]);
});
