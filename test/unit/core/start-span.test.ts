import { expect, test } from 'vitest';
import { startSpan } from '../../../src/core/start-span.ts';
import { formatTraceparent, isTraceparent, parseTraceparent } from '../../../src/core/traceparent.ts';

const JOB = '5b867e1f-c681-5469-9a18-ba93df6244f1';

test('the span of a start is the same for everybody, and no two starts share one', () => {
  const starts = [
    { jobId: JOB, starts: 1 },
    { jobId: JOB, starts: 2 },
    { jobId: JOB, replayId: 'r1', starts: 1 },
    { jobId: JOB, replayId: 'r2', starts: 1 },
    { jobId: `${JOB.slice(0, -1)}2`, starts: 1 },
  ];
  expect(new Set(starts.map((start) => startSpan(start).traceId)).size).toBe(starts.length);
  expect(startSpan({ jobId: JOB, replayId: null, starts: 1 })).toEqual(startSpan({ jobId: JOB, starts: 1 }));
  // Other languages count on it (docs/reference/wire.md): uuid5(namespace, '5:start36:<job>0:1:1').
  expect(formatTraceparent(startSpan({ jobId: JOB, starts: 1 }))).toBe(
    '00-bb08cb05dbe75a6b819ba114b6acb00b-819ba114b6acb00b-00',
  );
});

test('what is written of a trace context is read again, and nothing else is', () => {
  const ids = startSpan({ jobId: JOB, starts: 3 });
  expect(isTraceparent(formatTraceparent(ids))).toBe(true);
  expect(parseTraceparent(formatTraceparent({ ...ids, traceFlags: 1 }))).toEqual({ ...ids, traceFlags: 1 });
  const odd = [
    '',
    'nonsense',
    `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01`,
    `00-${'1'.repeat(32)}-${'0'.repeat(16)}-01`,
  ];
  expect(odd.map(parseTraceparent)).toEqual(odd.map(() => undefined));
});
