import { expect, test } from 'vitest';
import { createMemoryBroker } from '../../../../src/broker/memory/index.ts';
import type { Controls } from '../../../../src/core/controls.ts';
import { EsteiraError } from '../../../../src/core/errors.ts';
import { silentLog } from '../../../../src/core/ports/log.ts';
import { openControlFollower } from '../../../../src/runtime/control/control-follower.ts';
import { openControlLog } from '../../../../src/runtime/control/control-log.ts';
import { manualClock } from '../../../support/manual-clock.ts';
import { waitFor } from '../../../support/wait.ts';

const said = { v: 1, atMs: 1, actor: 'ana', reason: 'r', auditId: 'a' };
const pauseOf = (jobType: string) => ({
  subject: `pause/type/${jobType}`,
  value: { ...said, kind: 'pause', target: { what: 'type', jobType } },
});

const world = async () => {
  const clock = manualClock();
  const broker = createMemoryBroker();
  const topic = 'shop.control';
  await broker.admin.createTopics([{ topic, partitions: 1, replicationFactor: 1, config: {} }]);
  const control = await openControlLog({ ns: 'shop', broker, clock, log: silentLog });
  const admin = { ...broker.admin };
  const told: Controls[] = [];
  let outage: Promise<never> | undefined;
  const offsetRanges = (name: string) => outage ?? broker.admin.offsetRanges(name);
  const read = broker.admin.read.bind(broker.admin);
  const parts = {
    ...{ ns: 'shop', clock, log: silentLog, firstReadMs: 1_000 },
    admin: Object.assign(Object.create(broker.admin), { ...admin, offsetRanges, read }),
    onChange: (controls: Controls) => told.push(controls),
  };
  return {
    ...{ clock, control, told, broker, parts },
    breakDown: (with_: Promise<never> | undefined) => {
      outage = with_;
    },
    /** Lets a second pass, again and again, until the condition holds. */
    until: (what: string, holds: () => boolean) =>
      waitFor(what, () => {
        clock.advance(1_000);
        return holds();
      }),
  };
};

const isPaused = (controls: Controls | undefined, type: string): boolean =>
  controls?.pauseOfType({ type, queue: 'q' }) !== undefined;

test('knows the rules when it is open, and hears of each change at its next look', async () => {
  const { control, told, parts, until } = await world();
  await control.append([pauseOf('a')]);
  const follower = await openControlFollower(parts);
  expect(told.map((one) => isPaused(one, 'a'))).toEqual([true]);
  await control.append([pauseOf('b'), { subject: 'pause/type/a', value: null }]);
  await until('the change', () => told.length === 2);
  expect([isPaused(told[1], 'a'), isPaused(told[1], 'b')]).toEqual([false, true]);
  follower.close();
});

test('while the topic cannot be read the rules hold, and it says that they may be old; then it goes on', async () => {
  const { control, told, parts, breakDown, until } = await world();
  await control.append([pauseOf('a')]);
  const follower = await openControlFollower(parts);
  const down = Promise.reject(new EsteiraError('ESTEIRA_BROKER_UNAVAILABLE', 'down'));
  down.catch(() => undefined);
  breakDown(down);
  expect(follower.status()).toEqual([]);
  await until('its word', () => follower.status().length > 0);
  expect(told).toHaveLength(1);
  breakDown(undefined);
  await control.append([pauseOf('b')]);
  await until('the change', () => told.length === 2);
  expect(follower.status()).toEqual([]);
  follower.close();
});

test('does not open when the topic is not read in time: nobody would know what is paused', async () => {
  const { clock, parts, breakDown } = await world();
  breakDown(new Promise<never>(() => undefined));
  const opening = openControlFollower(parts);
  clock.advance(1_000);
  await expect(opening).rejects.toMatchObject({
    code: 'ESTEIRA_SERVICE_UNREACHABLE',
    facts: { topic: 'shop.control' },
  });
});

test('does not open without its topic', async () => {
  const { parts } = await world();
  await expect(openControlFollower({ ...parts, ns: 'other' })).rejects.toMatchObject({
    code: 'ESTEIRA_TOPICS_DIFFER',
  });
});
