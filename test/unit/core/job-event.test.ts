import { describe, expect, it } from 'vitest';
import { JobEvent } from '../../../src/core/generated/job-event.ts';
import { defineJob } from '../../../src/core/job.ts';
import { type JobEventFacts, makeJobEvent } from '../../../src/core/job-event.ts';
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
  it('has the id of its job, step and type', () => {
    const { eventId } = makeJobEvent(job, identity, 'job.completed', 'fence:12', facts);
    expect(eventId).toBe('fee3fd7e-7a79-57d5-a63e-e7ea53af8d8a');
    expect(makeJobEvent(job, identity, 'job.completed', 'fence:12', facts, { runMs: 1 }).eventId).toBe(
      eventId,
    );
    expect(makeJobEvent(job, identity, 'job.completed', 'fence:13', facts).eventId).not.toBe(eventId);
  });
});
