import process from 'node:process';
import { openBackend } from '../runtime/open-backend.ts';
import { start } from '../runtime/start.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { systemTerminal, type Terminal } from './terminal.ts';

/** What commands act through; tests bring their own. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly openBackend: typeof openBackend;
  readonly start: typeof start;
  /** Resolves when the process is asked to stop. */
  untilSignal(): Promise<void>;
  /** Whether the backend is seen by other processes, so that commands about it make sense. */
  readonly sharesBackend: boolean;
}

/** How a command tells the exit code it ends with. */
export type Finish = (code: ExitCode) => void;

const KEEP_ALIVE_MS = 60_000;

/** The first signal asks for an orderly stop, the second ends the process at once. */
const untilSignal = (): Promise<void> =>
  new Promise((resolve) => {
    // Handlers of signals alone do not keep a process alive.
    const keepAlive = setInterval(() => undefined, KEEP_ALIVE_MS);
    let asked = false;
    const onSignal = (): void => {
      if (asked) process.exit(EXIT.failed);
      asked = true;
      clearInterval(keepAlive);
      resolve();
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });

/** The context of this process. */
export const systemContext = (): CommandContext => ({
  terminal: systemTerminal(),
  openBackend,
  start,
  untilSignal,
  sharesBackend: false,
});
