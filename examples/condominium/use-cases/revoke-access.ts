import { UnrecoverableError } from '../../../src/index.ts';

/** Who may enter. */
export interface AccessControl {
  isUnderLegalHold(tenant: string): Promise<boolean>;
  /** Revoking twice is revoking once. */
  revokeAll(tenant: string): Promise<void>;
}

/** Closes the doors of a condominium that has left, unless a court wants them open: no retry can change that. */
export const revokeAccess =
  (access: AccessControl) =>
  async (tenant: string): Promise<void> => {
    if (await access.isUnderLegalHold(tenant)) {
      throw new UnrecoverableError('the condominium is under legal hold: its data and accounts must stay');
    }
    await access.revokeAll(tenant);
  };
