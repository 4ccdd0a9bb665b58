import { describe, expect, it } from 'vitest';
import { JobEvent } from '../../../src/core/generated/job-event.ts';
import { stepIdOf } from '../../../src/core/ids.ts';
import { defineJob } from '../../../src/core/job.ts';
import {
  JOB_EVENT_TYPES,
  type JobEventFacts,
  type JobEventType,
  makeJobEvent,
} from '../../../src/core/job-event.ts';
import { plain } from './definitions.ts';

const job = defineJob(plain({ className: 'SendReceiptJob', retry: { attempts: 5, backoff: '1s' } }));
const identity = { service: 'billing-workers', host: 'host-a' };
const facts: JobEventFacts = {
  time: 7,
  jobId: 'job-1',
  tenantId: 'acme',
  correlationId: 'chain-1',
  origin: 'shop.events/0/41',
  hop: 0,
};

const fieldsOf = (schema: unknown): readonly string[] => {
  const found: unknown = Reflect.get(Object(schema), 'fields');
  return Array.isArray(found) ? found.map(({ name }) => String(name)) : [];
};

describe('a job event', () => {
  it('has every field of its contract, in its order', () => {
    expect(Object.keys(makeJobEvent(job, identity, 'job.started', '0', facts))).toEqual(
      fieldsOf(JobEvent.schema),
    );
  });

  it('says what the job type and the process say where nothing else is known', () => {
    expect(makeJobEvent(job, identity, 'job.started', '0', facts)).toMatchObject({
      ...facts,
      ...{ type: 'job.started', jobType: 'send-receipt', className: 'SendReceiptJob', maxAttempts: 5 },
      ...{ service: 'billing-workers', host: 'host-a', codeVersion: null, attempt: 0, dimensions: {} },
    });
  });

  it('takes what is particular to the step before what is known of the job, also where that is null', () => {
    const known = { ...facts, attempt: 1, replayId: 'replay-1', reason: 'late', dimensions: { a: 'b' } };
    const event = makeJobEvent(job, identity, 'job.failed', '0', known, {
      attempt: 2,
      replayId: null,
      className: null,
      runMs: 12,
    });
    expect(event).toMatchObject({ attempt: 2, replayId: null, className: null, runMs: 12 });
    expect(event).toMatchObject({ reason: 'late', dimensions: { a: 'b' } });
  });

  // The id is on the wire: the same step told twice has the same one, by whatever version it is told.
  it('has the id of its step, marked with its type', () => {
    const stepId = stepIdOf('job-1', '3');
    const idOf = (type: JobEventType, step: string): string =>
      makeJobEvent(job, identity, type, step, facts, { runMs: 1 }).eventId;
    expect(idOf('job.dispatched', stepId)).toBe(stepId);
    expect(idOf('job.completed', stepId)).toBe(idOf('job.completed', stepId));
    expect(idOf('job.completed', stepIdOf('job-1', '4'))).not.toBe(idOf('job.completed', stepId));
    const ids = JOB_EVENT_TYPES.map((type) => idOf(type, '0123abcd-0123-4123-8123-0123456789f0'));
    expect(ids.slice(0, 3)).toEqual([
      '0123abcd-0123-4123-8123-0123456789f0',
      '0123abcd-0123-4123-8123-0123456789f1',
      '0123abcd-0123-4123-8123-0123456789f2',
    ]);
    expect(new Set(ids).size).toBe(JOB_EVENT_TYPES.length);
  });
});
