import { hostname } from 'node:os';
import { JobEvent } from '../../src/core/generated/job-event.ts';
import { createMemorySource } from '../../src/serde/memory-source.ts';
import { createSerde } from '../../src/serde/serde.ts';

/** A finished job as Esteira tells it: ids, names and numbers as long as those of the measured app. */
const FINISHED: JobEvent = {
  eventId: '5b0f1a52-7c1d-5e0a-9d7e-0d6a5f0c7a11',
  type: 'job.completed',
  time: Date.UTC(2026, 9, 1, 12, 30, 0, 250),
  jobId: '0c2a3b1e-9f64-5c57-8f0e-3a1f6f0d2b44',
  jobType: 'work-0',
  className: 'Work0Job',
  queue: 'default',
  kind: 'system',
  tenantId: 'tenant-1234',
  userId: null,
  correlationId: '1f64c3b1-9f64-4c57-8f0e-3a1f6f0d2b44',
  causationId: '1f64c3b1-9f64-4c57-8f0e-3a1f6f0d2b44',
  traceparent: '00-3a1f6f0d2b443a1f6f0d2b443a1f6f0d-3a1f6f0d2b443a1f-01',
  executionId: '7d0d2b44-9f64-4c57-8f0e-3a1f6f0d2b44',
  service: 'bench-000000-esteira-10x',
  attempt: 1,
  starts: 1,
  maxAttempts: 3,
  origin: 'bench-000000-esteira-10x.events-0/3/12345',
  hop: 0,
  queueWaitMs: null,
  runMs: 0,
  latenessMs: null,
  dueAt: null,
  errorCode: null,
  errorClass: null,
  errorMessage: null,
  errorFingerprint: null,
  reason: null,
  fence: 1_760_000_000_000_000,
  replayId: null,
  costMicros: null,
  costCurrency: null,
  dimensions: {},
  metrics: {},
  codeVersion: null,
  host: hostname(),
};

/** The bytes of such an event on the telemetry topic. */
export const telemetrySample = async (): Promise<Buffer> => {
  const serde = createSerde({ source: createMemorySource([JobEvent]) });
  await serde.warm([JobEvent]);
  return serde.encode(JobEvent, FINISHED);
};
