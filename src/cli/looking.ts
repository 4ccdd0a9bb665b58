import { type ReplayParts, withReplay } from '../runtime/replay/index.ts';
import { identityOf } from '../runtime/service-identity.ts';
import type { CommandContext } from './context.ts';
import { type CommonOptions, withSession } from './session.ts';

/** Looks at dead letters, replays and what became of them; nobody is asked who they are. @throws EsteiraError as `withSession` */
export const lookingAtLetters = <T>(
  context: CommandContext,
  options: CommonOptions,
  work: (parts: ReplayParts) => Promise<T>,
): Promise<T> =>
  withSession(context, options, (session) => {
    const service = identityOf(session.app, session.config);
    return withReplay({ ...session, service, operator: { name: '', roles: [] } }, work);
  });
