import { beforeAll, describe, expect, test } from 'vitest';
import { judgeChecked, judgeSecret } from '../../../../src/runtime/compliance/engine/broken-deliveries.ts';
import {
  judgeContext,
  playTwice,
  type TwiceEvidence,
} from '../../../../src/runtime/compliance/engine/delivered-twice.ts';
import {
  type FailingEvidence,
  playFailing,
} from '../../../../src/runtime/compliance/engine/failing-for-ever.ts';
import { judgeTime } from '../../../../src/runtime/compliance/engine/hanging.ts';
import {
  judgeBackoff,
  judgeBound,
  judgeDeadLetter,
  judgeLogs,
  judgeMetrics,
  judgeRedaction,
  judgeTelemetry,
} from '../../../../src/runtime/compliance/engine/judge-failing.ts';
import {
  judgeNeighbours,
  type NeighbourEvidence,
  playNeighbours,
} from '../../../../src/runtime/compliance/engine/neighbours.ts';
import type { Script } from '../../../../src/runtime/compliance/engine/stage.ts';
import { judgeTenants } from '../../../../src/runtime/compliance/engine/strangers.ts';
import type { Finding } from '../../../../src/runtime/compliance/finding.ts';
import { waysTo } from '../../../../src/runtime/compliance/way.ts';
import { hall, onBooked } from './bench.ts';

/** What no definition can break, the engine could: evidence is changed as if it had. */
const script = (): Script => {
  const job = onBooked();
  const app = hall([job]);
  const [way] = waysTo(app, job);
  if (way === undefined) throw new Error('there is no way to the job');
  return { app, job, way, sample: { tenantId: 't', bookingId: 'b', seats: 2 } };
};

const once = { made: 1, told: 1 };
let twice: TwiceEvidence;
let failing: FailingEvidence;
let neighbours: NeighbourEvidence;

beforeAll(async () => {
  twice = await playTwice(script());
  failing = await playFailing(script());
  neighbours = await playNeighbours(script());
});

const without = <T extends object>(all: readonly (T | undefined)[], keep: (one: T) => boolean) =>
  all.filter((one) => one !== undefined && keep(one));

describe('evidence as it is proves every line', () => {
  test('of a failing job, and of one that is delivered twice', () => {
    const findings = [
      judgeContext(twice),
      judgeBound(failing),
      judgeBackoff(failing),
      judgeDeadLetter(failing),
      judgeLogs(failing),
      judgeMetrics(failing, 'confirm-seats'),
      judgeTelemetry(failing, once),
      judgeRedaction(failing),
      judgeNeighbours(neighbours),
    ];
    expect(findings.filter(({ verdict }) => verdict !== 'proved')).toEqual([]);
  });
});

describe('evidence that lacks something is a breach that names it', () => {
  const cases: readonly [string, () => Finding, RegExp][] = [
    [
      'context: a chain that is lost in telemetry',
      () =>
        judgeContext({
          ...twice,
          events: twice.events.map((event) => ({ ...event, correlationId: 'other' })),
        }),
      /job\.started is told without correlationId/,
    ],
    [
      'context: a log line without its tenant',
      () =>
        judgeContext({
          ...twice,
          lines: twice.lines.map((line) => ({ ...line, organizationId: undefined })),
        }),
      /the log line job\.started is without organizationId/,
    ],
    [
      'context: a job told as its user',
      () => judgeContext({ ...twice, events: twice.events.map((event) => ({ ...event, service: 'ana' })) }),
      /not told as the service's own identity/,
    ],
    [
      'retry-bounded: no dead letter',
      () => judgeBound({ ...failing, dead: [] }),
      /it failed 3 times in a year and was not given up/,
    ],
    [
      'retry-bounded: more attempts than allowed',
      () => judgeBound({ ...failing, maxAttempts: 2 }),
      /where 2 are allowed/,
    ],
    [
      'backoff: a retry at once',
      () => judgeBackoff({ ...failing, waitsMs: [30_000, 0] }),
      /one comes at once/,
    ],
    [
      'backoff: a retry too soon',
      () => judgeBackoff({ ...failing, waitsMs: [30_000, 60_000] }),
      /less than its policy/,
    ],
    [
      'dead-letter: run again by itself',
      () => judgeDeadLetter({ ...failing, laterStarts: 1 }),
      /1 times by itself/,
    ],
    [
      'dead-letter: other bytes',
      () => judgeDeadLetter({ ...failing, origin: { key: null, value: null } }),
      /not those/,
    ],
    ['dead-letter: no JobFailed', () => judgeDeadLetter({ ...failing, failures: [] }), /0 JobFailed/],
    [
      'dead-letter: without its error',
      () =>
        judgeDeadLetter({ ...failing, dead: failing.dead.map((letter) => ({ ...letter, job: undefined })) }),
      /it says no code; it says no class; it says no fingerprint; it says no reason; it says no since/,
    ],
    [
      'logs: a silent step',
      () =>
        judgeLogs({ ...failing, lines: without(failing.lines, (line) => line['msg'] !== 'job.retrying') }),
      /0 lines job\.retrying, not 2/,
    ],
    [
      'logs: a line that is no JSON',
      () => judgeLogs({ ...failing, lines: [...failing.lines, undefined] }),
      /no JSON/,
    ],
    [
      'metrics: a count that is not kept',
      () => judgeMetrics({ ...failing, metrics: '' }, 'confirm-seats'),
      /says nothing, not 3/,
    ],
    [
      'telemetry: a step that is not told',
      () =>
        judgeTelemetry(
          { ...failing, events: failing.events.filter(({ type }) => type !== 'job.failed') },
          once,
        ),
      /job\.failed is told 0 times, not 3/,
    ],
    [
      'telemetry: told twice',
      () => judgeTelemetry(failing, { made: 1, told: 2 }),
      /job\.completed is told 2 times for 1 that completed/,
    ],
    [
      'redaction: in the log',
      () => judgeRedaction({ ...failing, log: `${failing.log}${failing.secret}` }),
      /a password in an error's message came out in the log/,
    ],
    [
      "tenants-apart: a neighbour's error",
      () =>
        judgeNeighbours({
          ...neighbours,
          failures: neighbours.failures.map((event) => ({
            ...event,
            errorMessage: neighbours.failures.map(({ errorMessage }) => errorMessage).join(' '),
          })),
        }),
      /^JobFailed of one tenant holds what belongs to another$/,
    ],
    [
      'tenants-apart: events of the wrong tenant',
      () =>
        judgeNeighbours({
          ...neighbours,
          events: neighbours.events.map((event) => ({ ...event, tenantId: 'rehearsal-2' })),
        }),
      /job\.started of one tenant holds/,
    ],
    [
      'tenant-required: a stranger who starts',
      () =>
        judgeTenants({ starts: 1, reasons: ['tenant_unresolved'], refusal: undefined, directory: 'unknown' }),
      /1 started, dead for tenant_unresolved; publishing without one: taken/,
    ],
    [
      'payload-checked: a broken payload that is taken',
      () =>
        judgeChecked({
          offered: 9,
          taken: ['seats'],
          smuggled: true,
          starts: 1,
          reasons: [],
          secretRefusal: null,
        }),
      /1 of 9 broken payloads were taken, 1 started/,
    ],
    [
      'no-secret-in-payload: a password that is taken',
      () =>
        judgeSecret({
          offered: 9,
          taken: [],
          smuggled: true,
          starts: 0,
          reasons: [],
          secretRefusal: undefined,
        }),
      /a password in a text of the payload was taken/,
    ],
    [
      'time-bounded: one that hangs for ever',
      () =>
        judgeTime({
          saidMs: 1_000,
          timeoutMs: 1_000,
          abortedAfterMs: undefined,
          errorCode: undefined,
          otherAfterMs: 1,
        }),
      /was not ended/,
    ],
    [
      'time-bounded: one that stops all others',
      () =>
        judgeTime({
          ...{ saidMs: 1_000, timeoutMs: 1_000, abortedAfterMs: 1_000, errorCode: 'ESTEIRA_ATTEMPT_TIMEOUT' },
          otherAfterMs: undefined,
        }),
      /another tenant's job did not run/,
    ],
  ];

  test.each(cases)('%s', (name, judge, says) => {
    const finding = judge();
    expect(finding).toMatchObject({
      line: name.split(':')[0],
      verdict: 'breach',
      says: expect.stringMatching(says),
    });
    expect(finding.todo).not.toBe('');
  });
});
