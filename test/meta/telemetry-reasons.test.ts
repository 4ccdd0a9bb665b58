import { expect, test } from 'vitest';
import { JOB_KINDS } from '../../src/core/job.ts';
import type { JobEventType } from '../../src/core/job-event.ts';
import {
  CANCEL_REASONS,
  DEAD_REASONS,
  DEFER_REASONS,
  ERROR_CLASSES,
  GUARD_REASON,
  SKIP_REASONS,
  WINDOW_REASONS,
} from '../../src/core/outcome.ts';
import { sourceFiles } from '../support/source-files.ts';
import { codesIn, table } from '../support/telemetry-page.ts';

/** What the code can say; its types are made of these lists, so nothing else can be told. */
const REASONS: Partial<Record<JobEventType, readonly string[]>> = {
  'job.deferred': DEFER_REASONS,
  'job.skipped': SKIP_REASONS,
  'job.cancelled': CANCEL_REASONS,
  'job.sent_to_dlq': DEAD_REASONS,
  'job.replayed': WINDOW_REASONS,
  'job.suspended': [GUARD_REASON],
};

test('the page has every reason of every type, in order, with its meaning, and no other', () => {
  const documented: Record<string, string[]> = {};
  let type = '';
  for (const [types = '', reason = '', meaning] of table('Reasons').slice(1)) {
    type = codesIn(types)[0] ?? type;
    documented[type] = [...(documented[type] ?? []), ...codesIn(reason)];
    expect(meaning, reason).not.toBe('');
  }
  expect(documented).toEqual(REASONS);
});

// `dispatch_delay` stood on the page for months, and nothing told it.
test('every reason is told somewhere', () => {
  const tellers = sourceFiles('src').filter(
    ({ path }) => path.startsWith('src/consumers/') || path.startsWith('src/state/'),
  );
  const untold = [...DEFER_REASONS, ...SKIP_REASONS, ...DEAD_REASONS, ...CANCEL_REASONS].filter(
    (reason) => !tellers.some(({ text }) => text.includes(`'${reason}'`)),
  );
  const notToldSoFar = table('Reasons')
    .filter(([, , meaning = '']) => meaning.startsWith('Not told so far'))
    .flatMap(([, reason = '']) => codesIn(reason));
  expect(untold.filter((reason) => !notToldSoFar.includes(reason))).toEqual([]);
});

test('the page has every kind of job and every class of error', () => {
  const meaningOf = (field: string) => table('Fields').find(([name]) => name === `\`${field}\``)?.[3] ?? '';
  expect(codesIn(meaningOf('kind'))).toEqual([...JOB_KINDS]);
  expect(codesIn(meaningOf('errorClass'))).toEqual([...ERROR_CLASSES]);
});

test('a time on the page has the unit of its name or type', () => {
  for (const [field = '', type = '', unit] of table('Fields').slice(1)) {
    if (/Ms`$/.test(field)) expect(unit, field).toBe('ms');
    if (type.startsWith('timestamp-millis')) expect(unit, field).toBe('epoch ms');
  }
});
