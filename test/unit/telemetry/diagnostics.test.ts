import { diag } from '@opentelemetry/api';
import { afterEach, expect, test } from 'vitest';
import { bridgeDiagnostics } from '../../../src/telemetry/diagnostics.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { recordingLog } from '../../support/recording-log.ts';

afterEach(() => diag.disable());

test('a collector that is dead for a day is told once a minute, with how often it was not', () => {
  const clock = manualClock();
  const log = recordingLog();
  bridgeDiagnostics(log, clock);
  for (let second = 0; second < 180; second += 1) {
    diag.error(`connection refused ${second}`);
    clock.advance(1_000);
  }
  expect(log.lines.map(({ facts }) => facts)).toEqual([
    { detail: 'connection refused 0' },
    { detail: 'connection refused 60', left_out: 59 },
    { detail: 'connection refused 120', left_out: 59 },
  ]);
});

test('an error that the SDK tells as JSON is told by its name and message, without its stack', () => {
  const log = recordingLog();
  bridgeDiagnostics(log, manualClock());
  diag.error(JSON.stringify({ stack: 'Error: Timeout\n at here', message: 'Timeout', name: 'Error' }));
  diag.warn('Dropped 7 spans');
  diag.info('quiet');
  expect(log.lines).toEqual([
    { level: 'error', message: 'opentelemetry', facts: { detail: 'Error: Timeout' } },
    { level: 'warn', message: 'opentelemetry', facts: { detail: 'Dropped 7 spans' } },
  ]);
});
