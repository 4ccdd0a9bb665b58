import { expect, test } from 'vitest';
import { insist } from '../../../src/consumers/backoff.ts';
import { EsteiraError } from '../../../src/core/errors.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { recordingLog } from '../../support/recording-log.ts';

// The bug it was: what was out of reach and then refused for another reason counted as out of reach for ever.
test('an outage is over when the answer is a refusal', async () => {
  const clock = manualClock();
  const outages: boolean[] = [];
  const parts = {
    ...{ clock, log: recordingLog(), stopped: new AbortController().signal },
    onOutage: (_: string, down: boolean) => outages.push(down),
  };
  const codes = ['ESTEIRA_BROKER_UNAVAILABLE', 'ESTEIRA_RECORD_TOO_LARGE'] as const;
  let calls = 0;
  const insisted = insist(parts, 'write', async () => {
    throw new EsteiraError(codes[calls++] ?? 'ESTEIRA_CLOSED', 'no');
  });
  const refused = expect(insisted).rejects.toMatchObject({ code: 'ESTEIRA_RECORD_TOO_LARGE' });
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(1_000);
  await refused;
  expect(outages).toEqual([true, false]);
});
