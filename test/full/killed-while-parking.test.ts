import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '../../stack/index.ts';
import { PARKING_CRASHES, storyAfter } from '../support/parking-crashes.ts';
import { crashWhileParking } from '../support/parking-run.ts';

// The promise of test/scenarios/killed-while-parking.test.ts, at every point and one after the other.
let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ quiet: true });
  Object.assign(process.env, stack.env);
});
afterAll(async () => {
  await stack.stop();
});

test.each(PARKING_CRASHES)(
  'a process killed %s keeps the order of the key and loses nothing',
  async (point) => {
    const { copies, ...story } = await crashWhileParking(point);
    expect(story).toEqual(storyAfter(point));
    expect(copies[1], 'the key is direct again').toBe(copies[0]);
  },
);
