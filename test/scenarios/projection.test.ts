import { expect, test } from 'vitest';
import { madeEvents } from '../support/projection/made-events.ts';
import { askStore, CHECKSUM, projectionScene } from '../support/projection/scene.ts';
import { freshName } from '../support/scenario.ts';
import { waitFor } from '../support/wait.ts';

const EVENTS = 20_000;

test('a projection that was killed on the way, and one built again, have the rows of an undisturbed one', async () => {
  const scene = await projectionScene(freshName('projection'));
  await scene.write(madeEvents(EVENTS));
  const [killed, whole] = await Promise.all([
    scene.project('killed', { commitRecords: 2_000 }),
    scene.project('whole'),
  ]);
  await waitFor('some commits', () => killed.taken() >= 4_000, { everyMs: 2, timeoutMs: 60_000 });
  await killed.kill();
  expect(killed.report()).toBeUndefined();
  const again = await scene.project('killed');
  await waitFor('both to be done', () => again.report() && whole.report(), { timeoutMs: 60_000 });
  const [sum] = await askStore(scene.pathOf('whole'), CHECKSUM);
  expect(sum?.[0]).toBe(EVENTS);
  expect(await askStore(scene.pathOf('killed'), CHECKSUM)).toEqual([sum]);
});
