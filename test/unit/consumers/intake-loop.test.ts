import { expect, test } from 'vitest';
import { Appetite } from '../../../src/consumers/appetite.ts';
import type { Intake } from '../../../src/consumers/intake.ts';
import { type IntakeLoopParts, runIntake } from '../../../src/consumers/intake-loop.ts';
import { PartitionHome } from '../../../src/consumers/partition-home.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { recordingLog } from '../../support/recording-log.ts';
import { deliveryOf, recordAt } from './surplus/flooded-partition.ts';

const SLICE = 64;

// All 256 that may be understood ahead were, in one turn of 30 ms while the code was cold.
test('however hungry, no more than 64 records are understood in one turn of the event loop', async () => {
  const home = new PartitionHome({ topic: 'events', partition: 0 }, 0n, 1, { records: 1_000, bytes: 1e9 });
  for (let offset = 0; offset < 3 * SLICE; offset += 1) home.admit(recordAt(offset));
  const turns: number[] = [];
  let count = 0;
  const noteAtEnd = (): void => {
    turns.push(count);
    count = 0;
  };
  const intake: Pick<Intake, 'take'> = { take: () => deliveryOf('acme', recordAt(0)) };
  await runIntake(
    {
      ...{ name: 'test', clock: systemClock, log: recordingLog(), stopped: new AbortController().signal },
      ...{ onOutage: () => undefined, onIgnored: () => undefined, onDrained: () => undefined },
      intake: intake as IntakeLoopParts['intake'],
      appetite: new Appetite(systemClock, () => 0),
      room: () => undefined,
      onDelivery: () => {
        if (count === 0) setImmediate(noteAtEnd);
        count += 1;
        return 'kept';
      },
    },
    home,
  );
  noteAtEnd();
  expect(turns.reduce((sum, one) => sum + one, 0)).toBe(3 * SLICE);
  expect(Math.max(...turns)).toBeLessThanOrEqual(SLICE);
});

// The bug it was: while one partition's flood was moved aside, records of dedicated tenants waited for its pace too.
test('what goes to the inbox of its tenant does not wait for the pace of what is moved aside', async () => {
  const home = new PartitionHome({ topic: 'events', partition: 0 }, 0n, 1, { records: 1_000, bytes: 1e9 });
  for (let offset = 0; offset < 4; offset += 1) home.admit(recordAt(offset));
  const asked: string[] = [];
  const intake: Pick<Intake, 'take'> = { take: (record) => deliveryOf('acme', record) };
  await runIntake(
    {
      ...{ name: 'test', clock: systemClock, log: recordingLog(), stopped: new AbortController().signal },
      ...{ onOutage: () => undefined, onIgnored: () => undefined, onDrained: () => undefined },
      intake: intake as IntakeLoopParts['intake'],
      appetite: new Appetite(systemClock, () => 0),
      room: (whereto) => {
        asked.push(whereto);
        return undefined;
      },
      onDelivery: (_, { record }) =>
        (['kept', 'inbox', 'aside', 'inbox'] as const)[Number(record.offset)] ?? 'kept',
    },
    home,
  );
  expect(asked).toEqual(['inbox', 'aside', 'inbox']);
});
