import { z } from 'zod';
import type { AvroContract, Json } from '../../src/core/contract.ts';
import { JobEvent } from '../../src/core/generated/job-event.ts';

type Fields = readonly Readonly<Record<string, Json>>[];

const shape = z.object({ name: z.string(), fields: z.array(z.record(z.string(), z.json())) });

/** A version of the telemetry contract with other fields; `name` keeps what tests register apart from the real one. */
export const jobEventVersion = (
  change: (fields: Fields) => Fields = (fields) => fields,
  name = 'JobEvent',
): AvroContract<JobEvent> => {
  const { fields } = shape.parse(JobEvent.schema);
  const schema = JSON.parse(JSON.stringify(JobEvent.schema));
  return { name: `esteira.telemetry.${name}`, schema: { ...schema, name, fields: change(fields) } };
};

/** What a version after today's may look like: a field more, in the midst of the others, and one less. */
export const nextFields = (fields: Fields): Fields => [
  ...fields.slice(0, 10),
  { name: 'shard', type: ['null', 'string'], default: null, doc: 'A field of the next version.' },
  ...fields.slice(10).filter(({ name }) => name !== 'codeVersion'),
];
