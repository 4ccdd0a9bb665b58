import { z } from 'zod';
import { JOB_STATES, JobRow } from '../../runtime/analytics/index.ts';
import { answeredBy, TelemetryTail } from './telemetry.ts';

const maybe = z.string().nullable();

/** What is known of a job. Times are ISO 8601. */
const facts = {
  jobId: z.string(),
  jobType: maybe,
  queue: maybe,
  tenant: maybe,
  correlationId: maybe,
  state: z.enum([
    'dispatched',
    'waiting',
    'running',
    'retrying',
    'parked',
    'suspended',
    'completed',
    'skipped',
    'cancelled',
    'dead',
    'unknown',
  ]),
  since: maybe,
  waitsFor: z.enum([
    'nothing',
    'due-time',
    'relay',
    'worker',
    'head',
    'lease',
    'limit',
    'dependency',
    'operator',
    'unknown',
  ]),
  due: maybe,
  origin: maybe,
  position: maybe,
  orderKey: maybe,
  attempts: z.int().nullable(),
  starts: z.int().nullable(),
  says: z.string(),
  todo: z.string(),
  historyFrom: z.enum(['topic', 'projection']).describe('where its history was read'),
  lookedBackTo: maybe,
  isCut: z.boolean().describe('whether there was more than was looked at'),
  gaps: z.array(z.string()).describe('what could not be looked at'),
};

/** `esteira jobs why --json`. */
export const JobsWhy = z.object(facts);

/** `esteira jobs show --json`: the events are those of the telemetry topic, described by its Avro schema. */
export const JobsShow = z.object({
  ...facts,
  history: z.array(TelemetryTail),
});

/** `esteira jobs list --json`. Times are ISO 8601. */
export const JobsList = z.object({
  by: answeredBy,
  jobs: z.array(JobRow.extend({ state: z.enum(JOB_STATES) })),
  isCut: z.boolean().describe('whether there were more'),
});

/** `esteira jobs dispatch --json`. */
export const JobsDispatch = z.object({
  id: z.string(),
  type: z.string(),
  correlationId: z.string(),
  dueMs: z.number().optional().describe('epoch ms'),
});

/** `esteira events publish --json`. */
export const EventsPublish = z.object({
  id: z.string(),
  correlationId: z.string(),
  position: z.string().describe('topic/partition/offset'),
});
