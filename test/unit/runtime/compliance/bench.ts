import { onTestFinished } from 'vitest';
import { z } from 'zod';
import {
  type AppDefinition,
  type AppOptions,
  type AvroContract,
  defineApp,
  defineEvent,
  defineJob,
  defineProvider,
  type JobOptions,
  knownTenants,
  type Provider,
  type ProviderOptions,
} from '../../../../src/index.ts';
import {
  type ComplianceOptions,
  checkCompliance,
  type Finding,
} from '../../../../src/runtime/compliance/index.ts';

/** What the app of these tests is about. */
export interface Booked {
  readonly tenantId: string;
  readonly bookingId: string;
  readonly seats: number;
}

export const Booked: AvroContract<Booked> = {
  name: 'hall.Booked',
  schema: {
    type: 'record',
    name: 'Booked',
    namespace: 'hall',
    fields: [
      { name: 'tenantId', type: 'string' },
      { name: 'bookingId', type: 'string' },
      { name: 'seats', type: 'int' },
    ],
  },
};

export const check = z.object({
  tenantId: z.string().min(1),
  bookingId: z.string().min(1),
  seats: z.number().int().positive(),
});

export const booked = defineEvent(Booked, { topic: 'hall.events', check, partitions: 1 });

/** A job type on bookings that keeps every line; tests break one. */
export const onBooked = (changes: Partial<JobOptions<Booked>> = {}) =>
  defineJob<Booked>({
    ...{ type: 'confirm-seats', kind: 'reactive', on: booked, order: 'none' },
    retry: { attempts: 3, backoff: ['30s', '2m'] },
    idempotencyKey: ({ bookingId }) => bookingId,
    run: () => undefined,
    ...changes,
  });

/** A provider that is closed with the test. */
export const provider = (changes: Partial<ProviderOptions> = {}): Provider => {
  const made = defineProvider({ name: 'mail', timeout: '2s', maxConcurrent: 4, ...changes });
  onTestFinished(() => made.close());
  return made;
};

/** What would happen in truth; it must not happen in a rehearsal. */
export const forbidden = async (): Promise<never> => {
  throw new Error('the action of a provider was run');
};

export const hall = (jobs: AppOptions['jobs'], changes: Partial<AppOptions> = {}): AppDefinition =>
  defineApp({
    ...{ name: 'hall', events: [booked], jobs, tenants: knownTenants(['acme']), partitions: 1 },
    ...changes,
  });

/** Every finding of the one job type of an app, by line, as `verdict: says`. */
export const lines = async (
  app: AppDefinition,
  options: ComplianceOptions = {},
): Promise<Readonly<Record<string, string>>> => {
  const { jobs } = await checkCompliance(app, { environment: {}, ...options });
  const told = ({ line, verdict, says }: Finding): [string, string] => [line, `${verdict}: ${says}`];
  return Object.fromEntries(jobs.flatMap(({ findings }) => findings.map(told)));
};

/** The lines that are not proved. */
export const notProved = (told: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(told)
    .filter(([, text]) => !text.startsWith('proved'))
    .map(([line, text]) => `${line} ${text}`);
