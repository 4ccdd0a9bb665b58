import { expect, it } from 'vitest';
import type { ProcessSaid } from '../../../src/core/ports/process-reports.ts';
import { type JobTypeAccount, readReport, writeReport } from '../../../src/core/process-report.ts';
import { REPORT_LIFETIME_MS, ReportTeller } from '../../../src/runtime/report-teller.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { recordingLog } from '../../support/recording-log.ts';

const settle = (running: number): JobTypeAccount => ({ jobType: 'settle', running, stopped: [] });

/** A process on a clock that stands still, and what the store gets of it. */
const setUp = () => {
  const clock = manualClock();
  const log = recordingLog();
  const said: ProcessSaid[] = [];
  const withdrawn: string[] = [];
  const now = { running: 0, isDown: false };
  const teller = new ReportTeller({
    ...{ clock, log, accounts: () => [settle(now.running)] },
    store: {
      report: async (one) => {
        if (now.isDown) throw new Error('out of reach');
        said.push(one);
      },
      withdraw: async (process) => void withdrawn.push(process),
      reports: async () => [],
    },
  });
  /** Seconds pass, and what they bring comes to its end. */
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) {
      clock.advance(1_000);
      await Promise.resolve().then(() => undefined);
    }
  };
  const runningSaid = () => said.map(({ text }) => readReport(text)?.[0]?.running);
  return { clock, log, said, withdrawn, now, teller, pass, runningSaid };
};

it('says what changes once a second, and what does not often enough to be remembered', async () => {
  const { teller, now, pass, said, runningSaid } = setUp();
  teller.start();
  await pass(3);
  expect(runningSaid()).toEqual([0]);
  for (now.running = 1; now.running < 4; now.running += 1) await pass(1);
  expect(runningSaid()).toEqual([0, 1, 2, 3]);
  await pass(60);
  // An idle process writes twelve times a minute, and never so seldom that it would be forgotten.
  expect(said.length).toBe(4 + 12);
  expect(60_000 / 12).toBeLessThan(REPORT_LIFETIME_MS / 2);
  expect(new Set(said.map(({ process }) => process)).size).toBe(1);
});

it('what could not be said is said at the next look, and told in the log once', async () => {
  const { teller, now, pass, runningSaid, log } = setUp();
  now.isDown = true;
  teller.start();
  await pass(3);
  expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  now.isDown = false;
  await pass(1);
  expect(runningSaid()).toEqual([0]);
});

it('takes it back at the stop, says nothing afterwards, and nothing where it had said nothing', async () => {
  const { teller, now, pass, said, withdrawn } = setUp();
  teller.start();
  await pass(1);
  teller.stop();
  now.running = 5;
  await pass(10);
  expect(withdrawn).toEqual(said.map(({ process }) => process));
  const other = setUp();
  other.teller.stop();
  other.teller.start();
  await other.pass(10);
  expect([other.said, other.withdrawn]).toEqual([[], []]);
});

it('a report is bounded, keeps what stopped first, and one that is not known says nothing', () => {
  const stopped = Array.from({ length: 200 }, (_, index) => ({
    ...{ kind: 'dependency' as const, what: 'mail', tenant: `t${index}`, sinceMs: 1_000 - index },
  }));
  const read = readReport(writeReport([{ ...settle(1), stopped }]))?.[0]?.stopped ?? [];
  expect(read).toHaveLength(50);
  expect(read[0]).toEqual({ kind: 'dependency', what: 'mail', tenant: 't199', sinceMs: 801 });
  for (const text of ['', '{', '7', '{"v":2,"jobTypes":[]}', '{"v":1}'])
    expect(readReport(text)).toBeUndefined();
});
