import { describe, expect, it } from 'vitest';
import { EsteiraError } from '../../../src/core/errors.ts';
import { telemetryBundle as bundle, settle } from './telemetry-bundle.ts';

const OUTAGE = new EsteiraError('ESTEIRA_BROKER_UNAVAILABLE', 'no broker answers');

const record = (value: string) => ({ key: Buffer.from('acme'), value: Buffer.from(value) });

describe('what waits', () => {
  // Only what was refused was counted: in an outage the producer keeps what it has, so for long the count was 0.
  it('is what is not acknowledged, whether the producer tries on or refuses it', async () => {
    const { telemetry, producer, clock } = await bundle();
    const first = telemetry.append(record('a'));
    const second = telemetry.append(record('b'));
    expect(telemetry.pending).toBe(2);
    producer.open[0]?.answer.open();
    await first;
    expect(telemetry.pending).toBe(1);
    producer.failWith = OUTAGE;
    const third = telemetry.append(record('c'));
    await settle();
    expect(telemetry.pending).toBe(2);
    producer.failWith = undefined;
    producer.works = true;
    producer.open[1]?.answer.open();
    clock.advance(50);
    await Promise.all([second, third]);
    expect(telemetry.pending).toBe(0);
  });

  it('is stuck since the last acknowledgement, and not while nothing waits', async () => {
    const { telemetry, producer, clock } = await bundle();
    clock.advance(60_000);
    expect(telemetry.stuckMs).toBe(0);
    const appended = Promise.all(['a', 'b'].map((value) => telemetry.append(record(value))));
    clock.advance(20_000);
    expect(telemetry.stuckMs).toBe(20_000);
    producer.open[0]?.answer.open();
    await settle();
    expect(telemetry.stuckMs).toBe(0);
    clock.advance(5_000);
    expect(telemetry.stuckMs).toBe(5_000);
    producer.open[1]?.answer.open();
    await appended;
    clock.advance(60_000);
    expect(telemetry.stuckMs).toBe(0);
  });

  it('is not stuck while many wait and some are acknowledged all the time', async () => {
    const { telemetry, producer, clock } = await bundle();
    const tell = () => telemetry.append(record('x'));
    const appended = Array.from({ length: 100 }, tell);
    for (let round = 0; round < 10; round += 1) {
      clock.advance(10_000);
      for (const { answer } of producer.open.splice(0, 30)) answer.open();
      await settle();
      for (let more = 0; more < 30; more += 1) appended.push(tell());
      expect(telemetry.stuckMs).toBeLessThan(30_000);
    }
    for (const { answer } of producer.open) answer.open();
    await Promise.all(appended);
    expect(telemetry.pending).toBe(0);
  });

  it('is less by what can never be written', async () => {
    const { telemetry, producer } = await bundle();
    producer.failWith = new EsteiraError('ESTEIRA_RECORD_TOO_LARGE', 'too large');
    await expect(telemetry.append(record('a'))).rejects.toThrow('too large');
    expect([telemetry.pending, telemetry.stuckMs]).toEqual([0, 0]);
  });
});
