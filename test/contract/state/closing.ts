import { expect, test } from 'vitest';
import { aJob, claim, claimOf, completeOf, type StateFixture, toldOf } from './fixture.ts';

/** The end of a store. */
export const describeClosing = (fixture: StateFixture): void => {
  test('a store that can be trusted verifies', async () => {
    const store = await fixture.open();
    await expect(store.verify()).resolves.toBeUndefined();
    await store.close();
  });

  test('a closed store refuses every call, and may be closed again', async () => {
    const store = await fixture.open();
    await store.claim([claimOf(aJob())]);
    await store.close();
    await store.close();
    const closed = { code: 'ESTEIRA_CLOSED' };
    await expect(claim(store, aJob())).rejects.toMatchObject(closed);
    await expect(store.complete([completeOf(aJob(), 1)])).rejects.toMatchObject(closed);
    await expect(store.told([toldOf(aJob(), 1)])).rejects.toMatchObject(closed);
    await expect(store.verify()).rejects.toMatchObject(closed);
  });

  test('what one store wrote outlives it', async () => {
    const job = aJob();
    const first = await fixture.open();
    await first.claim([claimOf(job)]);
    await first.close();
    const second = await fixture.open();
    expect(await claim(second, job)).toMatchObject({ kind: 'running' });
    await second.close();
  });
};
