import { describe, expect, it } from 'vitest';
import { EsteiraError } from '../../../src/core/errors.ts';
import { MOST_REPORTS_WAITING } from '../../../src/telemetry/progress-valve.ts';
import { telemetryBundle as bundle, settle } from './telemetry-bundle.ts';

const OUTAGE = new EsteiraError('ESTEIRA_BROKER_UNAVAILABLE', 'no broker answers');
const FULL = new EsteiraError('ESTEIRA_BUFFER_FULL', 'the buffer is full');

const record = (value: string) => ({ key: Buffer.from('acme'), value: Buffer.from(value) });

type Bundle = Awaited<ReturnType<typeof bundle>>;

/** Telemetry that cannot write, with one record of a job held back. */
const inOutage = async (failWith = OUTAGE): Promise<Bundle> => {
  const opened = await bundle();
  opened.producer.failWith = failWith;
  opened.telemetry.post(record('job'), () => undefined);
  await settle();
  return opened;
};

/** Reports of `runs` runs, `rounds` of each; how many were answered with or without an error. */
const report = ({ telemetry }: Bundle, runs: number, rounds: number) => {
  const answers = { well: 0, badly: 0 };
  for (let round = 1; round <= rounds; round++) {
    for (let run = 0; run < runs; run++) {
      telemetry.postProgress(`run-${run}`, record(`run-${run}:${round}`), (error) => {
        answers[error === undefined ? 'well' : 'badly'] += 1;
      });
    }
  }
  return answers;
};

const heal = async ({ producer, clock }: Bundle): Promise<void> => {
  producer.failWith = undefined;
  producer.works = true;
  for (let round = 0; round < 20; round++) {
    clock.advance(5_000);
    for (let turn = 0; turn < 20; turn++) await settle();
  }
};

const written = ({ producer }: Bundle): readonly string[] =>
  producer.acknowledged.filter((value) => value.startsWith('run-'));

describe('reports of progress', () => {
  it('pass like all else while telemetry is written, however many are not acknowledged yet', async () => {
    const opened = await bundle();
    const answers = report(opened, MOST_REPORTS_WAITING + 500, 2);
    await settle();
    for (const { answer } of opened.producer.open) answer.open();
    await settle();
    expect(answers.well).toBe(2 * (MOST_REPORTS_WAITING + 500));
    expect(written(opened)).toHaveLength(answers.well);
    expect(opened.telemetry.progressDropped).toBe(0);
    expect(opened.log.lines).toEqual([]);
  });

  it('all wait in an outage while they are few', async () => {
    const opened = await inOutage();
    const answers = report(opened, 100, MOST_REPORTS_WAITING / 100);
    await heal(opened);
    expect(answers.well).toBe(MOST_REPORTS_WAITING);
    expect(written(opened)).toHaveLength(MOST_REPORTS_WAITING);
    expect(opened.telemetry.progressDropped).toBe(0);
    expect(opened.log.messages('warn')).toEqual(['telemetry.blocked']);
  });

  it.each([OUTAGE, FULL])(
    'beyond the bound ($code) give way to the newest of their run, which is told when writing works again',
    async (failWith) => {
      const opened = await inOutage(failWith);
      const [runs, rounds] = [2_000, 50];
      const answers = report(opened, runs, rounds);
      await settle();
      // What was neither written nor dropped is all that takes memory.
      expect(runs * rounds - answers.well).toBeLessThanOrEqual(MOST_REPORTS_WAITING + runs);
      const dropped = runs * rounds - MOST_REPORTS_WAITING - runs;
      expect(opened.telemetry.progressDropped).toBe(dropped);
      await heal(opened);
      expect(answers).toEqual({ well: runs * rounds, badly: 0 });
      expect(written(opened)).toHaveLength(MOST_REPORTS_WAITING + runs);
      const last = new Map(written(opened).map((value) => [value.split(':')[0], value.split(':')[1]]));
      expect(last.size).toBe(runs);
      expect([...new Set(last.values())]).toEqual([String(rounds)]);
      expect(opened.producer.acknowledged).toContain('job');
    },
  );

  it('are told as dropped once an outage, with their count, at its end', async () => {
    const opened = await inOutage();
    const told = () => opened.log.lines.filter(({ message }) => message === 'telemetry.progress_dropped');
    for (const [outage, reports] of [3_000, 2_000].entries()) {
      opened.producer.failWith = OUTAGE;
      opened.telemetry.post(record('job'), () => undefined);
      await settle();
      report(opened, 1, reports);
      await settle();
      expect(told()).toHaveLength(outage);
      await heal(opened);
      expect(told()).toHaveLength(outage + 1);
      expect(told().at(-1)).toMatchObject({
        level: 'warn',
        facts: { reports: reports - MOST_REPORTS_WAITING - 1, outageMs: expect.any(Number) },
      });
    }
    expect(opened.telemetry.progressDropped).toBe(5_000 - 2 * (MOST_REPORTS_WAITING + 1));
  });

  // The producer of Kafka tries on by itself, and says nothing of an outage before its buffer is full: with everything.
  it('give way as well where the writer is silent: nothing fails, and nothing is acknowledged', async () => {
    const opened = await bundle();
    const runs = MOST_REPORTS_WAITING + 500;
    report(opened, runs, 1);
    opened.clock.advance(1_001);
    const answers = report(opened, runs, 100);
    await settle();
    // What the first second brought waits as it is; of the rest, the newest of each run.
    expect(opened.producer.open).toHaveLength(runs);
    expect(opened.telemetry.progressDropped).toBe(99 * runs);
    for (const { answer } of opened.producer.open) answer.open();
    await heal(opened);
    expect(answers).toEqual({ well: 100 * runs, badly: 0 });
    expect(written(opened)).toHaveLength(2 * runs);
    expect(
      written(opened)
        .slice(-runs)
        .every((value) => value.endsWith(':100')),
    ).toBe(true);
  });

  it('that are kept fail with the rest when the producer is closed', async () => {
    const opened = await inOutage();
    const answers = report(opened, 10, 300);
    opened.producer.failWith = new EsteiraError('ESTEIRA_CLOSED', 'closed');
    opened.clock.advance(5_000);
    for (let turn = 0; turn < 20; turn++) await settle();
    expect(answers.well + answers.badly).toBe(3_000);
    expect(answers.well).toBe(opened.telemetry.progressDropped);
  });

  it('leave no other event of their jobs behind, nor hold one back', async () => {
    const opened = await inOutage();
    const ended: string[] = [];
    report(opened, 50, 100);
    for (let run = 0; run < 50; run++)
      opened.telemetry.post(record(`end-${run}`), () => void ended.push(`end-${run}`));
    report(opened, 50, 100);
    await heal(opened);
    expect(new Set(ended).size).toBe(50);
    expect(opened.producer.acknowledged.filter((value) => value.startsWith('end-'))).toEqual(ended);
  });
});
