import { expect, test } from 'vitest';
import { createStateClient } from '../../../src/consumers/state-client.ts';
import { silentLog } from '../../../src/core/ports/log.ts';
import { createMemoryStateStore } from '../../../src/state/memory/memory-state-store.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { only } from '../../support/only.ts';
import { waitFor } from '../../support/wait.ts';
import { faultyState } from './faulty-state.ts';

const id = { jobType: 'settle', tenant: 'acme', idempotencyKey: 'k-1' };
const claim = (run: string) => ({
  ...{ ...id, jobId: 'j-1', hop: 0, position: 't/0/0', origin: 't/0/0', attempt: 1, starts: 0 },
  ...{ maxAttempts: 3, maxStarts: 9, leaseMs: 300, run },
});

// The claim that found the store back was let through at once: it took jobs whose owners had not yet renewed.
test('after an outage longer than a lease, owners renew before anybody claims, so that no job runs twice', async () => {
  const clock = manualClock();
  const faulty = faultyState();
  const state = faulty.wrap(createMemoryStateStore({ clock }));
  const stopped = new AbortController().signal;
  const client = () => createStateClient({ state, clock, log: silentLog, stopped, renewEveryMs: 100 });
  const [owner, other] = [client(), client()];
  const mine = only(await owner.claimAll([claim('mine')]));
  if (mine.kind !== 'run') throw new Error(`the first claim was answered ${mine.kind}`);
  faulty.faults.failNext(2);
  const theirs = other.claimAll([claim('theirs')]);
  const renewed = owner.renewAll([{ ...id, fence: mine.fence, leaseMs: 300 }]);
  await waitFor('both to be refused', () => other.down && owner.down);
  // The lease of the owner has run out when the store comes back.
  clock.advance(400);
  expect(await renewed).toEqual(['renewed']);
  await waitFor('the other to wait', () => clock.nextInMs() === 100);
  expect(faulty.faults.calls.filter(({ name }) => name === 'claim')).toHaveLength(2);
  clock.advance(100);
  expect(await theirs).toMatchObject([{ kind: 'running' }]);
});

test('claims wait one renewal also when it is another call that finds the store back', async () => {
  const clock = manualClock();
  const faulty = faultyState();
  const state = faulty.wrap(createMemoryStateStore({ clock }));
  const stopped = new AbortController().signal;
  const client = createStateClient({ state, clock, log: silentLog, stopped, renewEveryMs: 100 });
  faulty.faults.failNext(1);
  const renewed = client.renewAll([{ ...id, fence: 1, leaseMs: 300 }]);
  await waitFor('the refusal', () => client.down && clock.nextInMs() !== undefined);
  clock.advance(clock.nextInMs() ?? 0);
  expect(await renewed).toEqual(['gone']);
  const claimed = client.claimAll([claim('mine')]);
  await waitFor('the claim to wait', () => clock.nextInMs() === 100);
  clock.advance(100);
  expect(await claimed).toMatchObject([{ kind: 'run' }]);
});
