import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { eventIdOf, jobIdOf, randomId, stepIdOf } from '../../../src/core/ids.ts';
import { JOB_EVENT_TYPES, type JobEventType } from '../../../src/core/job-event.ts';

const numberOf = (type: JobEventType): number => JOB_EVENT_TYPES.indexOf(type);

/** The same ids, made as another language makes them that knows only the contract. */
const foreignId = (...parts: readonly string[]): string => {
  const name = parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join('');
  const namespace = Buffer.from('6f1d2c7e9b4a4d0e8c3a5e7f10b2d493', 'hex');
  const raw = createHash('sha1').update(namespace).update(name).digest().subarray(0, 16);
  raw[6] = ((raw[6] ?? 0) & 0x0f) | 0x50;
  raw[8] = ((raw[8] ?? 0) & 0x3f) | 0x80;
  return raw.toString('hex').replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
};

const foreignMark = (stepId: string, typeNumber: number): string => {
  const raw = Buffer.from(stepId.replaceAll('-', ''), 'hex');
  raw[15] = (raw[15] ?? 0) ^ typeNumber;
  return raw.toString('hex').replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
};

/** The steps of a job as the engine names them. */
const stepsOf = (at: number): readonly string[] => [
  ...['0', 'hop:0', 'hop:1', 'hop:10', `billing.events/0/${at}`, `billing.events/1/${at}`, 'cancelled'],
  ...[`from:billing.events/0/${at}`, `from:app.job.settle/0/${at}`, `billing.events/0/${at} replay-1`],
  ...[`replay:replay-${at}`, `mail:25:${at}`, `dead-letter-guard:${at}`, `fence:${at}:1`, `fence:${at}:11`],
];

describe('the id of a telemetry event', () => {
  // Computed in Python from the contract: what another process, version or language tells has the same id.
  test.each<[string, JobEventType, string]>([
    ['0', 'job.dispatched', '4cdff311-e32f-56a8-a18f-082af9afbfc8'],
    ['hop:0', 'job.sent_to_dlq', 'e6465c01-ca5c-5dad-90d5-4871d26edb8d'],
    ['fence:1763000000000001:2', 'job.progress', '783ef55a-079d-57cb-bd29-81ed2314e029'],
    ['billing.events/3/41', 'job.skipped', 'c1aa58e4-6eb5-539a-9160-a1b5606302c8'],
  ])('of step %s of a job is the same wherever it is told (%s)', (step, type, expected) => {
    const jobId = jobIdOf('condominium', 'send-receipt', 'billing', 'evt-1');
    expect(eventIdOf(stepIdOf(jobId, step), numberOf(type))).toBe(expected);
  });

  test('is what anybody makes of the contract, for whatever job, step and type', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 40 });
    const typeNumber = fc.nat(JOB_EVENT_TYPES.length - 1);
    fc.assert(
      fc.property(text, text, typeNumber, (jobId, step, type) => {
        const id = eventIdOf(stepIdOf(jobId, step), type);
        expect(id).toBe(foreignMark(foreignId('telemetry', jobId, step), type));
        expect(id).toBe(eventIdOf(stepIdOf(jobId, step), type));
      }),
    );
  });

  test('is of one step and type only, among a hundred thousand', () => {
    const ids = new Set<string>();
    let told = 0;
    const tell = (stepId: string): void => {
      for (let type = 0; type < JOB_EVENT_TYPES.length; type++) ids.add(eventIdOf(stepId, type));
      told += JOB_EVENT_TYPES.length;
    };
    for (let at = 0; told < 100_000; at++) {
      const jobId = jobIdOf('app', 'settle', 'billing', `event-${at}`);
      for (const step of stepsOf(at)) tell(stepIdOf(jobId, step));
      for (let run = 0; run < 5; run++) tell(randomId());
    }
    expect(ids.size).toBe(told);
  });
});
