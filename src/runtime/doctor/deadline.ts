import { EsteiraError } from '../../core/errors.ts';

/**
 * Waits for `work` as long as `limitMs`; what comes later is dropped.
 *
 * @throws EsteiraError ESTEIRA_SERVICE_UNREACHABLE saying what took too long.
 */
export const withinDeadline = async <T>(what: string, limitMs: number, work: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late(what, limitMs)), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
};

const late = (what: string, limitMs: number): EsteiraError =>
  new EsteiraError('ESTEIRA_SERVICE_UNREACHABLE', `${what}: no answer within ${limitMs} ms`, {
    facts: { what, limitMs },
  });
