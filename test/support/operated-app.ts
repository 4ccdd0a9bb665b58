import { appendFileSync, existsSync } from 'node:fs';
import { z } from 'zod';
import { defineApp, defineJob, type JobContext, type JobOptions, knownTenants } from '../../src/index.ts';

const { CONTROL_NS = 'it-operated', CONTROL_LEDGER = 'ledger' } = process.env;

/** So many dead letters in a row suspend `settle`. */
export const DEAD_IN_A_ROW = 20;
/** More of them than partitions, so that each process meets several. */
export const TENANTS = Array.from({ length: 24 }, (_, index) => `tenant-${index}`);
/** Jobs of `count` at once over all processes, as the app says. */
export const APP_LIMIT = 8;

const payload = z.object({ id: z.string(), key: z.string().default('') });
type Asked = z.infer<typeof payload>;

const note = (...words: readonly (string | number)[]): void =>
  appendFileSync(CONTROL_LEDGER, `${words.join(' ')}\n`);

const held = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

const job = (type: string, changes: Partial<JobOptions<Asked>>) =>
  defineJob<Asked>({
    ...{ type, kind: 'system', order: 'none', payload, startFrom: 'beginning', lanes: false },
    retry: { attempts: 1 },
    run: ({ id }, { attempt }) => note(type, id, attempt),
    ...changes,
  });

/** Kills every job while its switch, a file beside the ledger, is there. */
export const settle = job('settle', {
  deadLetterGuard: { of: 2 * DEAD_IN_A_ROW, run: DEAD_IN_A_ROW },
  run: async ({ id }, { attempt }) => {
    await held(5);
    if (existsSync(`${CONTROL_LEDGER}.broken`)) throw new TypeError('broken by the last deploy');
    note('settle', id, attempt);
  },
});

/** Runs whatever happens. */
export const archive = job('archive', { queue: 'papers' });

/** Notes when each job began and ended. */
export const count = job('count', {
  queue: 'few',
  run: async ({ id }) => {
    note('begun', id, Date.now());
    await held(150);
    note('ended', id, Date.now());
    note('count', id, 1);
  },
});

/** One after the other for each key. */
export const keyed = job('keyed', { queue: 'papers', order: ({ key }) => key });

/** Ends when it is told to. */
export const long = job('long', {
  queue: 'papers',
  run: ({ id }: Asked, { signal }: JobContext) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        note('aborted', id, 1);
        reject(new Error('aborted'));
      });
      note('long', id, 1);
    }),
});

/** The app of the scenarios in which operators, and the dead-letter guard, are at work; all of it is dispatched. */
export default defineApp({
  name: CONTROL_NS,
  events: [],
  jobs: [settle, archive, count, keyed, long],
  queues: { papers: {}, few: { limit: APP_LIMIT } },
  tenants: knownTenants(['acme', 'globex', ...TENANTS]),
  tiers: ['1s', '1m'],
  partitions: 4,
});
