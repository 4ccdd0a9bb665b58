import process from 'node:process';
import { openBackend } from '../runtime/open-backend.ts';
import { start } from '../runtime/start.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { systemTerminal, type Terminal } from './terminal.ts';

/** Being asked to stop. While it is listened for, the process stays alive. */
export interface StopSignal {
  readonly asked: Promise<void>;
  ignore(): void;
}

/** What commands act through; tests bring their own. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly openBackend: typeof openBackend;
  readonly start: typeof start;
  /** Listens for the signals that ask the process to stop. */
  listenForStop(): StopSignal;
  /** Whether the backend is seen by other processes, so that commands about it make sense. */
  readonly sharesBackend: boolean;
}

/** How a command tells the exit code it ends with. */
export type Finish = (code: ExitCode) => void;

const KEEP_ALIVE_MS = 60_000;

/** The first signal asks for an orderly stop, the second ends the process at once. */
const listenForStop = (): StopSignal => {
  // Handlers of signals alone do not keep a process alive.
  const keepAlive = setInterval(() => undefined, KEEP_ALIVE_MS);
  let ask = (): void => undefined;
  const asked = new Promise<void>((resolve) => {
    ask = resolve;
  });
  let signals = 0;
  const onSignal = (): void => {
    signals += 1;
    if (signals > 1) process.exit(EXIT.failed);
    ask();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  const ignore = (): void => {
    clearInterval(keepAlive);
    process.off('SIGTERM', onSignal);
    process.off('SIGINT', onSignal);
  };
  return { asked, ignore };
};

/** The context of this process. */
export const systemContext = (): CommandContext => ({
  terminal: systemTerminal(),
  openBackend,
  start,
  listenForStop,
  sharesBackend: false,
});
