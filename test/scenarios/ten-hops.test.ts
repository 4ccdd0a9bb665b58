import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineApp, defineJob, knownTenants } from '../../src/index.ts';
import { freshName, sizeOnWire, startScenario } from '../support/scenario.ts';

// Promise: headers are overwritten, never appended; a record with ten hops is at most 2 KiB larger than at first.
test('a record with ten hops through tiers is at most 2 KiB larger than at first', async () => {
  const ns = freshName('hops');
  const stubborn = defineJob<{ note: string }>({
    type: 'stubborn',
    kind: 'system',
    payload: z.object({ note: z.string() }),
    order: 'none',
    retry: { attempts: 11, backoff: '100ms' },
    run: () => {
      throw new Error('a long complaint, '.repeat(500));
    },
  });
  const app = defineApp({
    name: ns,
    events: [],
    jobs: [stubborn],
    tenants: knownTenants(['acme']),
    tiers: ['100ms', '300ms'],
    partitions: 1,
  });
  const scenario = await startScenario(app);
  try {
    await scenario.esteira.dispatch(stubborn, { note: 'keep me' }, { tenant: 'acme' });
    await scenario.esteira.idle({ timeoutMs: 60_000 });
    const inbox = await scenario.records(`${ns}.job.stubborn`);
    const dead = await scenario.records(`${ns}.dlq.stubborn`);
    const [first] = inbox;
    const [last] = dead;
    if (first === undefined || last === undefined) throw new Error('the job left no records');
    const hop = last.headers.find(([name]) => name === 'job-hop')?.[1]?.toString();
    expect({ copies: inbox.length, dead: dead.length, hop }).toEqual({ copies: 11, dead: 1, hop: '11' });
    expect(last.value).toEqual(first.value);
    expect(last.key).toEqual(first.key);
    expect(sizeOnWire(last) - sizeOnWire(first)).toBeLessThanOrEqual(2_048);
  } finally {
    await scenario.close();
  }
});
