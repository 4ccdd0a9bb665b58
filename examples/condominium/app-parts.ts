import type { Reminders } from './use-cases/check-dunning.ts';
import type { EmbeddingParts } from './use-cases/embed-documents.ts';
import type { Workspaces } from './use-cases/provision-tenant.ts';
import type { AccessControl } from './use-cases/revoke-access.ts';
import type { Mailer } from './use-cases/send-receipt.ts';
import type { Ledger } from './use-cases/update-ledger.ts';

/** What the use cases need from the world outside: interfaces only, so that tests and other systems can bring theirs. */
export interface AppParts {
  /** Ids of the condominiums there are. */
  readonly tenants: readonly string[];
  readonly workspaces: Workspaces;
  readonly mailer: Mailer;
  readonly ledger: Ledger;
  readonly reminders: Reminders;
  readonly embeddings: EmbeddingParts;
  readonly access: AccessControl;
}
