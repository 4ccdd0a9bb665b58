import { z } from 'zod';
import { defineApp, defineJob, HTTPTelemetryEmitter, knownTenants } from '../../src/index.ts';

export const greet = defineJob({
  type: 'greet',
  kind: 'system',
  order: 'none',
  payload: z.object({ name: z.string() }),
  run: ({ name }, ctx) => ctx.report({ metrics: { letters: name.length } }),
});

export default defineApp({
  name: 'greetings',
  events: [],
  jobs: [greet],
  tenants: knownTenants(['acme']),
  emitters: [
    (parts) =>
      new HTTPTelemetryEmitter(parts, {
        url: process.env['LAKE_URL'] ?? 'http://127.0.0.1:8080/events',
        headers: { authorization: `Bearer ${process.env['LAKE_TOKEN'] ?? ''}` },
        types: ['job.completed', 'job.failed', 'job.sent_to_dlq'],
        gzip: true,
      }),
  ],
});
