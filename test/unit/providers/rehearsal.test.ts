import { expect, test } from 'vitest';
import { openRehearsal, type RehearsedCall } from '../../../src/providers/rehearsal.ts';
import { calls, code, down, forever, quick, setup, well } from './provider-bench.ts';

test('in a rehearsal the action is not run, and the stand-in is told which call it is', async () => {
  const provider = setup({ acts: false });
  const seen: RehearsedCall[] = [];
  const rehearsal = openRehearsal({
    settings: (own) => own,
    act: async (call) => {
      seen.push(call);
      return 'stood in';
    },
  });
  expect(await rehearsal.run(() => provider.call(forever, down, { key: 'k-1' }))).toBe('stood in');
  expect(seen).toMatchObject([{ provider: 'mail', acts: false, key: 'k-1' }]);
  expect(await provider.call(forever, well)).toBe('sent');
  rehearsal.close();
});

test("time-out and breaker are the rehearsal's own: the real one does not know of it", async () => {
  const provider = setup({ breaker: quick, maxConcurrent: 9 });
  calls.length = 0;
  const rehearsal = openRehearsal({
    settings: ({ onCall: _, onState: __, ...own }) => ({ ...own, timeoutMs: 10 }),
    act: () => new Promise(() => undefined),
  });
  for (let count = 0; count < 3; count += 1)
    await expect(rehearsal.run(() => provider.call(forever, well))).rejects.toEqual(
      code('ESTEIRA_PROVIDER_TIMEOUT'),
    );
  await expect(rehearsal.run(() => provider.call(forever, well))).rejects.toEqual(
    code('ESTEIRA_PROVIDER_OPEN'),
  );
  expect(provider.state()).toBe('closed');
  expect(calls).toEqual([]);
  rehearsal.close();
});

test('a fallback is told to the rehearsal', async () => {
  const provider = setup();
  const told: string[] = [];
  const rehearsal = openRehearsal({
    settings: (own) => ({ ...own, onFallback: ({ provider: name }) => void told.push(name) }),
    act: down,
  });
  const answer = await rehearsal.run(() => provider.callOrFallback(forever, well, () => 'second best'));
  expect([answer.from, told]).toEqual(['fallback', ['mail']]);
  rehearsal.close();
});

test('what a handler starts and nobody waits for stays in the rehearsal', async () => {
  const provider = setup();
  const rehearsal = openRehearsal({ settings: (own) => own, act: async () => 'stood in' });
  let late: Promise<string> | undefined;
  rehearsal.run(() => {
    late = new Promise<void>((resolve) => setImmediate(resolve)).then(() => provider.call(forever, well));
  });
  expect(await late).toBe('stood in');
  rehearsal.close();
});
