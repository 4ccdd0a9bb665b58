import type { ReplayWriter } from '../../consumers/dead-letters/index.ts';
import type { AppDefinition } from '../../core/app.ts';
import { systemClock } from '../../core/clock.ts';
import type { ServiceIdentity } from '../../core/job-event.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Backend } from '../backend.ts';
import { openControlLog } from '../control/control-log.ts';
import { openReplayWriter } from '../replay-writer.ts';
import type { ReplayOperator, ReplayParts, ReplayPolicy } from './replay-parts.ts';

/** What a replay is opened on. */
export interface ReplaySession {
  readonly app: AppDefinition;
  readonly backend: Backend;
  readonly log: Log;
  readonly service: ServiceIdentity;
  readonly operator: ReplayOperator;
  readonly policy?: Partial<ReplayPolicy>;
}

/**
 * Works with replays on the services of an app, by the machine's clock; the control log is closed afterwards.
 *
 * @throws what the work throws
 */
export const withReplay = async <T>(
  { log, ...session }: ReplaySession,
  work: (parts: ReplayParts) => Promise<T>,
): Promise<T> => {
  const { app, backend } = session;
  const control = await openControlLog({ ns: app.name, broker: backend.broker, clock: systemClock, log });
  let writer: Promise<ReplayWriter> | undefined;
  const connectWriter = (): Promise<ReplayWriter> => {
    writer ??= openReplayWriter(app, backend, log);
    return writer;
  };
  try {
    return await work({ ...session, control, connectWriter, clock: systemClock });
  } finally {
    await control.close();
  }
};
