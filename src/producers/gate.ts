import { EsteiraError } from '../core/errors.ts';
import type { PayloadCheck } from '../core/event.ts';
import { checkPayload } from '../core/payload.ts';
import { assertNoSecrets } from '../security/secret-guard.ts';

const LONGEST_TENANT = 200;

/** The tenant of a publish or dispatch. @throws EsteiraError ESTEIRA_TENANT_MISSING */
export const requireTenant = (tenant: unknown, what: string): string => {
  if (typeof tenant === 'string' && tenant.length > 0 && tenant.length <= LONGEST_TENANT) return tenant;
  throw new EsteiraError(
    'ESTEIRA_TENANT_MISSING',
    `${what} has no tenant: give { tenant } as text of 1 to ${LONGEST_TENANT} characters`,
  );
};

/**
 * What every payload passes before it leaves: its check, and the guard against secrets.
 *
 * @throws EsteiraError ESTEIRA_PAYLOAD_INVALID, ESTEIRA_PAYLOAD_HOLDS_SECRET; both name paths, never values.
 */
export const admitPayload = (check: PayloadCheck, value: unknown, what: string): void => {
  const problems = checkPayload(check, value);
  if (problems.length > 0) {
    throw new EsteiraError('ESTEIRA_PAYLOAD_INVALID', `${what} breaks its check: ${problems.join('; ')}`, {
      facts: { paths: problems },
    });
  }
  assertNoSecrets(value, what);
};
