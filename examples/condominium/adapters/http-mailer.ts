import type { Provider } from '../../../src/index.ts';
import type { Mailer } from '../use-cases/send-receipt.ts';
import { httpError } from './trouble.ts';

/** Sends letters through a mail service's HTTP interface, never without the guards of its provider. */
export const createHttpMailer = (provider: Provider, url: string): Mailer => ({
  send: (letter, key, jobSignal) =>
    provider.call(
      jobSignal,
      async (signal) => {
        const response = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'idempotency-key': key },
          body: JSON.stringify(letter),
          signal,
        });
        // Read to the end, so that the connection can be used again.
        await response.arrayBuffer();
        if (!response.ok) throw httpError(response.status, `the mail service answered ${response.status}`);
      },
      { key },
    ),
});
