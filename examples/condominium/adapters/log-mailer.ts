import type { Mailer } from '../use-cases/send-receipt.ts';

/** Prints that a letter would have been sent, for a stranger who has no mail service at hand. */
export const createLogMailer = (): Mailer => ({
  send: async (_letter, key) => {
    console.log(JSON.stringify({ msg: 'mail: one letter', key }));
  },
});
