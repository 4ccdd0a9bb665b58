import type { AppDefinition } from '../core/app.ts';
import type { Esteira } from '../runtime/start.ts';
import type { CommandContext } from './context.ts';
import { type CommonOptions, withSession } from './session.ts';

/** Options of commands that publish or dispatch. */
export interface ProducingOptions extends CommonOptions {
  readonly tenant: string;
  readonly payload: string;
  readonly id?: string;
  readonly user?: string;
  readonly correlationId?: string;
}

/** What goes beside the payload. */
export const originOf = ({ tenant, id, user, correlationId }: ProducingOptions) => ({
  tenant,
  ...(id === undefined ? {} : { id }),
  ...(user === undefined ? {} : { userId: user }),
  ...(correlationId === undefined ? {} : { correlationId }),
});

/** Runs work with an app that only publishes and dispatches; it is stopped afterwards. */
export const withProducer = <T>(
  context: CommandContext,
  options: CommonOptions,
  work: (esteira: Esteira, app: AppDefinition) => Promise<T>,
): Promise<T> => {
  // Log lines go to standard output, which belongs to the result of the command.
  const environment = { ...context.terminal.environment, LOG_LEVEL: 'silent' };
  return withSession(context, options, async ({ app, backend }) => {
    const esteira = await context.start(app, { environment, roles: [], backend });
    try {
      return await work(esteira, app);
    } finally {
      await esteira.stop();
    }
  });
};
