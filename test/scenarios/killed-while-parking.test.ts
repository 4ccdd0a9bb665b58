import { expect, test } from 'vitest';
import { FAILING, type ParkingCrash, storyAfter } from '../support/parking-crashes.ts';
import { crashWhileParking } from '../support/parking-run.ts';

const POINTS: readonly ParkingCrash[] = [
  "after the head's copy was written",
  'after the last copy, before the commit',
  'while its waiting head runs again',
];

// Promise: a process killed while a key is parked, or waits: order per key is kept, nothing is lost, and the key returns
// to the direct way. The other points are in test/full/killed-while-parking.test.ts.
test.concurrent.each(POINTS)(
  'a process killed %s keeps the order of the key and loses nothing',
  async (point) => {
    const { copies, ...story } = await crashWhileParking(point);
    expect(story).toEqual(storyAfter(point));
    const [before, after] = copies;
    expect(before).toBeGreaterThanOrEqual(1);
    // One more write a record, and one that was repeated.
    expect(before).toBeLessThanOrEqual(2 * FAILING);
    expect(after, 'the key is direct again').toBe(before);
  },
);
