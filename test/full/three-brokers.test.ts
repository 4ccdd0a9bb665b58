import { expect, test } from 'vitest';
import { startStack } from '../../stack/index.ts';
import { runOnFailingBrokers } from '../support/three-broker-run.ts';

// Promise: while a leader is killed, another moved and one frozen and woken, for a minute, records acknowledged by
// `publish` are all in the log, none twice, and none takes effect twice or never.
test('acknowledged records survive three failing brokers, once each, and take effect once', async () => {
  const stack = await startStack({ brokers: 3, control: true, quiet: true });
  try {
    const counts = await runOnFailingBrokers(stack, 60_000);
    console.log(JSON.stringify(counts));
    expect(counts).toMatchObject({
      acknowledgedNotInLog: 0,
      inLogTwice: 0,
      withoutEffect: 0,
      secondEffects: 0,
      dead: 0,
    });
    expect(counts.acknowledged).toBeGreaterThan(1_000);
    expect(counts.faults.length).toBeGreaterThanOrEqual(3);
  } finally {
    await stack.stop();
  }
});
