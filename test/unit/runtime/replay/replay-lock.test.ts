import { beforeEach, expect, test } from 'vitest';
import { subjects } from '../../../../src/runtime/replay/control-values.ts';
import type { ReplayParts } from '../../../../src/runtime/replay/index.ts';
import { lockHolder, takeReplayLock } from '../../../../src/runtime/replay/replay-lock.ts';
import { latch, waitFor } from '../../../support/wait.ts';
import { makeWorld, type World } from '../../consumers/dead-letters/world.ts';
import { movableClock } from './crashing.ts';

const TOPIC = 'shop.dlq.send-receipt';
const LEASE_MS = 15_000;
let world: World;
beforeEach(async () => {
  world = await makeWorld();
  return () => world.broker.close();
});

/** A process with a clock of its own. */
const process = (name: string, policy: ReplayParts['policy'] = { observeMs: 1 }) => {
  const { clock, moveOn } = movableClock(world.parts);
  const parts: ReplayParts = { ...world.parts, clock, policy, operator: { name, roles: ['operator'] } };
  return { parts, moveOn, take: (plan: string) => takeReplayLock(parts, plan, [TOPIC]) };
};

test('one of two that claim at once has it; the other is told who', async () => {
  const [ana, bea] = [process('ana'), process('bea')];
  const [first, second] = await Promise.allSettled([ana.take('plan-a'), bea.take('plan-b')]);
  const winners = [first, second].filter(({ status }) => status === 'fulfilled');
  expect(winners).toHaveLength(1);
  const holder = await lockHolder(ana.parts, TOPIC);
  const refusal = [first, second].find((one) => one.status === 'rejected');
  expect(refusal).toMatchObject({
    reason: { code: 'ESTEIRA_REPLAY_REFUSED', facts: { holder: holder?.actor, planId: holder?.planId } },
  });
});

test('what was released can be claimed at once', async () => {
  const lock = await process('ana').take('plan-a');
  await lock.release();
  expect(lock.holds()).toBe(false);
  expect((await process('bea').take('plan-b')).holds()).toBe(true);
});

test('the claim of a runner that went silent is taken over after its lease, and the woken loser knows', async () => {
  const [ana, bea] = [process('ana'), process('bea')];
  const lost = await ana.take('plan-a');
  bea.moveOn(LEASE_MS / 2);
  await expect(bea.take('plan-b')).rejects.toMatchObject({ facts: { holder: 'ana' } });
  bea.moveOn(LEASE_MS / 2 + 1);
  const won = await bea.take('plan-b');
  expect(won.fence).toBeGreaterThan(lost.fence);
  ana.moveOn(LEASE_MS);
  expect(lost.holds()).toBe(false);
  expect(won.holds()).toBe(true);
});

// A loser whose clock stood still cannot know by the time: the log tells it at its next renewal.
test('a loser by the log stops holding, though its own clock says nothing', async () => {
  const ana = process('ana', { observeMs: 1, heartbeatMs: 5 });
  const lost = await ana.take('plan-a');
  const value = {
    ...{ v: 1, kind: 'replay.lock', planId: 'plan-b', runner: 'heir', actor: 'bea', host: 'there' },
    ...{ leaseMs: LEASE_MS, over: [lost.runner] },
  };
  await world.parts.control.append([{ subject: subjects.lock(TOPIC, 'heir'), value }]);
  await waitFor('the loser to hear of it', () => !lost.holds());
});

// The clock of the holder is late: by its timestamps the claim looks long dead.
test('a claim that looks dead and is still renewed is not taken over', async () => {
  const late = process('ana', { observeMs: 1, heartbeatMs: 5 });
  late.moveOn(-LEASE_MS * 10);
  const lock = await late.take('plan-a');
  await expect(process('bea', { observeMs: 200 }).take('plan-b')).rejects.toMatchObject({
    code: 'ESTEIRA_REPLAY_REFUSED',
    facts: { holder: 'ana' },
  });
  await lock.release();
});

// The clock of the holder was an hour ahead: its claim stood for an hour after it had died.
test('a claim from the future that is not renewed is taken over, and one that is renewed is not', async () => {
  const early = process('ana', { observeMs: 1, heartbeatMs: 5 });
  early.moveOn(3_600_000);
  const lock = await early.take('plan-a');
  await expect(process('bea', { observeMs: 200 }).take('plan-b')).rejects.toMatchObject({
    code: 'ESTEIRA_REPLAY_REFUSED',
    facts: { holder: 'ana' },
  });
  await lock.release();
  const dead = {
    ...{ v: 1, kind: 'replay.lock', planId: 'plan-a', runner: 'dead', actor: 'ana', host: 'there' },
    ...{ leaseMs: LEASE_MS, over: [] },
  };
  const { parts, moveOn } = process('carl');
  moveOn(-3_600_000);
  await world.parts.control.append([{ subject: subjects.lock(TOPIC, 'dead'), value: dead }]);
  expect((await takeReplayLock(parts, 'plan-b', [TOPIC])).holds()).toBe(true);
});

test('a runner that cannot renew stops holding before anybody can take over', async () => {
  const ana = process('ana', { observeMs: 1, heartbeatMs: 5 });
  const lock = await ana.take('plan-a');
  world.faults.failSends('shop.control');
  const tried = latch();
  world.parts.clock.after(50, () => tried.open());
  await tried.opened;
  ana.moveOn(LEASE_MS / 2);
  expect(lock.holds()).toBe(false);
  world.faults.healSends('shop.control');
  await expect(process('bea').take('plan-b')).rejects.toMatchObject({ facts: { holder: 'ana' } });
});
