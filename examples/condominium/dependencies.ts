import { defineProvider, type Provider, type ProviderHooks } from '../../src/index.ts';
import { createAccessControl, type MemoryAccessControl } from './adapters/access-control.ts';
import { createEmbeddings } from './adapters/embeddings.ts';
import { createHttpMailer } from './adapters/http-mailer.ts';
import { createLedger, type MemoryLedger } from './adapters/ledger.ts';
import { createLogMailer } from './adapters/log-mailer.ts';
import { createReminders, type MemoryReminders } from './adapters/reminders.ts';
import type { Trouble } from './adapters/trouble.ts';
import { createWorkspaces, type MemoryWorkspaces } from './adapters/workspaces.ts';
import type { AppParts } from './app-parts.ts';

export interface DependencyOptions {
  readonly tenants?: readonly string[];
  /** Where the mail service is; without it letters are printed. */
  readonly mailUrl?: string;
  readonly underLegalHold?: readonly string[];
  /** Trouble on purpose, by adapter. */
  readonly trouble?: {
    readonly workspaces?: Trouble;
    readonly ledger?: Trouble;
    readonly embeddings?: Trouble;
  };
  readonly mailHooks?: ProviderHooks;
}

/** Everything the app needs, in memory but for the mail service. */
export interface Dependencies extends AppParts {
  readonly workspaces: MemoryWorkspaces;
  readonly ledger: MemoryLedger;
  readonly reminders: MemoryReminders;
  readonly embeddings: ReturnType<typeof createEmbeddings>;
  readonly access: MemoryAccessControl;
  /** To be closed when the app has stopped. */
  readonly mail: Provider;
}

const DEFAULT_TENANTS = ['jardim-das-flores', 'edificio-aurora', 'torre-norte'];

/** Puts the adapters together. */
export const createDependencies = (options: DependencyOptions = {}): Dependencies => {
  const mail = defineProvider({
    name: 'mail',
    timeout: '2s',
    maxConcurrent: 4,
    breaker: { volumeThreshold: 4, openFor: '300ms', window: '5s' },
    ...options.mailHooks,
  });
  return {
    tenants: options.tenants ?? DEFAULT_TENANTS,
    workspaces: createWorkspaces(options.trouble?.workspaces),
    mailer: options.mailUrl === undefined ? createLogMailer() : createHttpMailer(mail, options.mailUrl),
    ledger: createLedger(options.trouble?.ledger),
    reminders: createReminders(),
    embeddings: createEmbeddings(options.trouble?.embeddings),
    access: createAccessControl(options.underLegalHold),
    mail,
  };
};
