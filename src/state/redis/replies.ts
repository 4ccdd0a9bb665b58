import { EsteiraError } from '../../core/errors.ts';

/** Another server, a proxy or another script answered: nothing that we can understand. */
export const unexpected = (wanted: string): never => {
  throw new EsteiraError(
    'ESTEIRA_STATE_UNAVAILABLE',
    `Redis answered something else than ${wanted}: is there a proxy or another kind of server at this address?`,
  );
};

/** The reply as a list. */
export const list = (reply: unknown): readonly unknown[] =>
  Array.isArray(reply) ? reply : unexpected('a list');

/** The reply as a number. */
export const number = (reply: unknown): number =>
  typeof reply === 'number' ? reply : unexpected('a number');

/** The reply's bytes. */
export const bytes = (reply: unknown): Buffer => (Buffer.isBuffer(reply) ? reply : unexpected('bytes'));

/** The reply as UTF-8 text. */
export const text = (reply: unknown): string => bytes(reply).toString();
