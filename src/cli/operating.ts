import type { Command } from 'commander';
import type { Config } from '../config/index.ts';
import type { ServiceIdentity } from '../core/job-event.ts';
import { openIdentity } from '../runtime/operators.ts';
import { identityOf } from '../runtime/service-identity.ts';
import { actorOf, type Operator, type OperatorRole, requireRole } from '../security/identity.ts';
import type { CommandContext } from './context.ts';
import { type CommonOptions, type Session, withSession } from './session.ts';

/** Options of every command that changes something. */
export interface OperatingOptions extends CommonOptions {
  readonly actor?: string;
  readonly reason: string;
  readonly run?: boolean;
}

/** A session of somebody who may do it. */
export interface OperatingSession extends Session {
  readonly identity: ServiceIdentity;
  readonly operator: Operator;
  /** What goes into the audit, and whether it is really done. */
  readonly request: {
    readonly actor: string;
    readonly reason: string;
    readonly run: boolean;
    readonly nowMs: number;
  };
}

/** Adds the options of a command that changes something. */
export const addOperatingOptions = (command: Command): Command =>
  command
    .option('--actor <who>', 'who decides; goes into the audit (default: who you are)')
    .requiredOption('--reason <why>', 'why; goes into the audit')
    .option('--run', 'really do it')
    .option('--json', 'for programs');

/**
 * Who runs a command, and the name for the audit.
 *
 * @throws EsteiraError ESTEIRA_OPERATOR_REFUSED, ESTEIRA_CONFIG_INVALID
 */
export const operatorWho = async (
  { terminal }: CommandContext,
  config: Config,
  options: Pick<OperatingOptions, 'actor' | 'json'>,
  role: OperatorRole,
  what: string,
): Promise<{ readonly operator: Operator; readonly actor: string }> => {
  // Programs read what is said to people as a failure.
  const warn = (message: string): void =>
    options.json === true ? undefined : terminal.err(`warning: ${message}`);
  const identity = await openIdentity(config, terminal.cwd, warn);
  const operator = await identity.whoRuns();
  requireRole(operator, role, what);
  return { operator, actor: actorOf(operator, options.actor) };
};

/**
 * Runs a command that changes something, as somebody who has the role it takes.
 *
 * @throws EsteiraError ESTEIRA_OPERATOR_REFUSED, ESTEIRA_CONFIG_INVALID, and as `withSession`
 */
export const withOperator = <T>(
  context: CommandContext,
  options: OperatingOptions,
  role: OperatorRole,
  what: string,
  work: (session: OperatingSession) => Promise<T>,
): Promise<T> =>
  withSession(context, options, async (session) => {
    const { app, config } = session;
    const { operator, actor } = await operatorWho(context, config, options, role, what);
    const { reason, run = false } = options;
    return work({
      ...session,
      operator,
      identity: identityOf(app, config),
      request: { actor, reason, run, nowMs: Date.now() },
    });
  });
