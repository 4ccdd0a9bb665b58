import type { Command } from 'commander';
import { type ReplayParts, withReplay } from '../../runtime/replay/index.ts';
import type { OperatorRole } from '../../security/identity.ts';
import type { CommandContext } from '../context.ts';
import { type OperatingOptions, withOperator } from '../operating.ts';

/** Adds what every step of a replay is signed with. */
export const withWho = (command: Command): Command =>
  command
    .option('--actor <who>', 'who decides; goes into the audit (default: who you are)')
    .requiredOption('--reason <why>', 'why; goes into the audit')
    .option('--json', 'for programs');

/** Works with replays as somebody who may. @throws EsteiraError as `withOperator` */
export const replaying = <T>(
  context: CommandContext,
  options: OperatingOptions,
  role: OperatorRole,
  what: string,
  work: (parts: ReplayParts) => Promise<T>,
): Promise<T> =>
  withOperator(context, options, role, what, (session) =>
    withReplay(
      {
        ...session,
        service: session.identity,
        operator: { ...session.operator, name: session.request.actor },
      },
      work,
    ),
  );
