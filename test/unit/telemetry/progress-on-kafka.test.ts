import { expect, test } from 'vitest';
import { isEsteiraError } from '../../../src/core/errors.ts';
import { createJobTelemetry } from '../../../src/telemetry/job-telemetry.ts';
import { MOST_REPORTS_WAITING } from '../../../src/telemetry/progress-valve.ts';
import { waitFor } from '../../support/wait.ts';
import { bench } from '../broker/kafka/producer-bench.ts';
import { coldSerde } from './telemetry-bundle.ts';

const RUNS = 300;
const KEY = Buffer.from('acme');

// The producer of Kafka tries a batch again until it is through: of an outage it says nothing until its buffer is full, which
// hops and events share. Reports of progress alone would have filled it.
test('an hour without Kafka fills the buffer with a thousand reports and one a run, and loses no other event', async () => {
  const { transport, clock, log, producer } = bench();
  const telemetry = await createJobTelemetry({ producer, serde: coldSerde(), topic: 'jobs', log, clock });
  let isDown = true;
  transport.fault = () => (isDown ? 'not-sent' : 'none');
  const ends: string[] = [];
  let posted = 0;
  let answered = 0;
  const reportAll = (): void => {
    for (let run = 0; run < RUNS; run++) {
      posted += 1;
      telemetry.postProgress(
        `run-${run}`,
        { key: KEY, value: Buffer.from(`run-${run}:${posted}`) },
        (error) => {
          if (!isEsteiraError(error)) answered += 1;
        },
      );
    }
  };
  telemetry.post({ key: KEY, value: Buffer.from('end') }, () => void ends.push('end'));
  const healedAtMs = clock.nowMs() + 3_600_000;
  await new Promise<void>((resolve) => {
    const everyMinute = (): void => {
      reportAll();
      if (clock.nowMs() < healedAtMs) clock.after(60_000, everyMinute);
      else resolve();
    };
    everyMinute();
  });
  expect(posted).toBe(61 * RUNS);
  expect(telemetry.progressDropped).toBe(posted - MOST_REPORTS_WAITING - RUNS);
  isDown = false;
  await waitFor('all to be answered', () => answered === posted && ends.length === 1);
  const values = transport.texts('jobs').filter((value) => value.startsWith('run-'));
  expect(values).toHaveLength(MOST_REPORTS_WAITING + RUNS);
  expect(log.lines.filter(({ message }) => message === 'telemetry.progress_dropped')).toMatchObject([
    { facts: { reports: telemetry.progressDropped } },
  ]);
});
