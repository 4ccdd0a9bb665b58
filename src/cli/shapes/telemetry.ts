import { z } from 'zod';

/** Whether the process that writes the projection answered, or its file was read. */
export const answeredBy = z.enum(['process', 'file']);

/** `esteira telemetry query --json`. */
export const TelemetryQuery = z.object({
  by: answeredBy,
  columns: z.array(z.object({ name: z.string(), type: z.string().describe('as SQL calls it') })),
  rows: z
    .array(z.record(z.string(), z.unknown()))
    .describe('by column; times are ISO 8601, exact numbers beyond 2^53 are texts'),
  isCut: z.boolean().describe('whether there were more rows'),
  elapsedMs: z.number(),
});

/** `esteira telemetry views --json`. */
export const TelemetryViews = z.object({
  views: z.array(
    z.object({
      name: z.string(),
      meaning: z.string(),
      columns: z.array(z.object({ name: z.string(), meaning: z.string() })),
    }),
  ),
});

/** `esteira telemetry tail --json`: a line each, as the Avro schema of the topic describes it. */
export const TelemetryTail = z.looseObject({
  eventId: z.string(),
  type: z.string(),
  time: z.number().describe('epoch ms'),
  jobId: z.string(),
  jobType: z.string(),
  attempt: z.int(),
});

/** `esteira telemetry export --json`. */
export const TelemetryExport = z.object({
  by: answeredBy,
  folder: z.string(),
  days: z.array(z.object({ day: z.string().describe('UTC'), events: z.int() })),
});
