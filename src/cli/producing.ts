import type { Command } from 'commander';
import type { AppDefinition } from '../core/app.ts';
import { auditOf, requireWho, writeAudits } from '../runtime/control/audited.ts';
import { identityOf } from '../runtime/service-identity.ts';
import type { Esteira } from '../runtime/start.ts';
import type { CommandContext } from './context.ts';
import { operatorWho } from './operating.ts';
import { type CommonOptions, type Session, withSession } from './session.ts';

/** Options of commands that publish or dispatch. */
export interface ProducingOptions extends CommonOptions {
  readonly tenant: string;
  readonly payload: string;
  readonly id?: string;
  readonly user?: string;
  readonly correlationId?: string;
  readonly actor?: string;
  readonly reason?: string;
}

/** What is asked for, as the audit names it. */
export interface Asked {
  readonly action: 'jobs.dispatch' | 'events.publish';
  /** The type of the job or event. */
  readonly subject: string;
}

const NO_REASON = 'asked for on the command line';

/** Adds the options that commands which publish or dispatch share. */
export const addProducingOptions = (command: Command): Command =>
  command
    .option('--user <id>', 'who sets it off')
    .option('--correlation-id <id>', 'the chain it belongs to')
    .option('--actor <who>', 'who decides; goes into the audit (default: who you are)')
    .option('--reason <why>', `why; goes into the audit (default: "${NO_REASON}")`)
    .option('--json', 'for programs');

/** What goes beside the payload. */
export const originOf = ({ tenant, id, user, correlationId }: ProducingOptions) => ({
  tenant,
  ...(id === undefined ? {} : { id }),
  ...(user === undefined ? {} : { userId: user }),
  ...(correlationId === undefined ? {} : { correlationId }),
});

/** Writes down, with acknowledgement, who is about to ask for what; never the payload. */
const audit = async (
  context: CommandContext,
  { app, backend, config }: Session,
  options: ProducingOptions,
  { action, subject }: Asked,
): Promise<void> => {
  const { tenant, id, user, correlationId = '', reason = NO_REASON } = options;
  const { actor } = await operatorWho(context, config, options, 'operator', action);
  requireWho(action, { actor, reason });
  const record = auditOf(identityOf(app, config), {
    ...{ action, actor, reason, subject, tenantId: tenant, atMs: Date.now() },
    details: {
      ...(id === undefined ? {} : { id }),
      ...(user === undefined ? {} : { userId: user }),
      ...(correlationId === '' ? {} : { correlationId }),
    },
  });
  await writeAudits({ app, backend }, [record], { subject });
};

/**
 * Runs work with an app that only publishes and dispatches; it is stopped afterwards. The work calls `audited` right
 * before it asks for anything.
 */
export const withProducer = <T>(
  context: CommandContext,
  options: ProducingOptions,
  asked: Asked,
  work: (esteira: Esteira, app: AppDefinition, audited: () => Promise<void>) => Promise<T>,
): Promise<T> => {
  // Log lines go to standard output, which belongs to the result of the command.
  const environment = { ...context.terminal.environment, LOG_LEVEL: 'silent' };
  return withSession(context, options, async (session) => {
    const { app, backend } = session;
    const esteira = await context.start(app, { environment, roles: [], backend });
    try {
      return await work(esteira, app, () => audit(context, session, options, asked));
    } finally {
      await esteira.stop();
    }
  });
};
