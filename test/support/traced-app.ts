import { pino } from 'pino';
import { z } from 'zod';
import { defineApp, defineJob, defineProvider, jobLogContext, knownTenants, start } from '../../src/index.ts';

// A logger of the app's own: each line says whose it is, however deep below the handler it is written.
const logger = pino({ mixin: jobLogContext });

const mail = defineProvider({ name: 'mail', timeout: '2s', maxConcurrent: 4 });

/** A use case: it knows nothing of jobs. */
const sendReceipt = async (receiptId: string, signal: AbortSignal): Promise<void> => {
  await mail.call(signal, async () => undefined); // here: a request to the mail service
  logger.info({ receiptId }, 'receipt sent');
};

const receipt = defineJob({
  type: 'send-receipt',
  kind: 'reactive',
  order: 'none',
  payload: z.object({ receiptId: z.string() }),
  retry: { attempts: 2, backoff: '1s' },
  run: async ({ receiptId }, ctx) => {
    ctx.log.info('receipt asked for', { receiptId });
    await sendReceipt(receiptId, ctx.signal);
  },
});

const app = defineApp({ name: 'billing', events: [], jobs: [receipt], tenants: knownTenants(['acme']) });
const esteira = await start(app);
await esteira.dispatch(receipt, { receiptId: 'r-1' }, { tenant: 'acme', userId: 'user-7' });
await esteira.idle();
await esteira.stop();
