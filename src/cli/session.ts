import { type Config, loadConfig } from '../config/index.ts';
import type { AppDefinition } from '../core/app.ts';
import { EsteiraError } from '../core/errors.ts';
import { type Log, type LogFacts, silentLog } from '../core/ports/log.ts';
import type { Backend } from '../runtime/backend.ts';
import { requireKafka } from '../runtime/reach-kafka.ts';
import type { CommandContext } from './context.ts';
import { loadApp } from './load-app.ts';
import type { Terminal } from './terminal.ts';

/** Options every command takes. */
export interface CommonOptions {
  readonly app?: string;
  readonly debug?: boolean;
  readonly json?: boolean;
}

/** What a command about an app's services works with. */
export interface Session {
  readonly app: AppDefinition;
  readonly config: Config;
  readonly backend: Backend;
  readonly log: Log;
}

/** What the clients log, on standard error: for `--debug`. */
export const debugLog = (terminal: Terminal): Log => {
  const line =
    (level: string) =>
    (message: string, facts: LogFacts = {}): void =>
      terminal.err(`${level} ${message} ${JSON.stringify(facts)}`);
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
};

const requireShared = (context: CommandContext, config: Config): void => {
  if (context.sharesBackend || config.backend === 'kafka') return;
  throw new EsteiraError(
    'ESTEIRA_USAGE',
    'the backend is memory, which no other process can see: set KAFKA_BROKERS, SCHEMA_REGISTRY_URL and REDIS_URL (`npm run stack` starts all three and prints the variables)',
  );
};

/**
 * Runs a command on the services of an app and closes them afterwards.
 *
 * @throws EsteiraError ESTEIRA_APP_NOT_FOUND, ESTEIRA_CONFIG_INVALID, ESTEIRA_USAGE (memory), ESTEIRA_SERVICE_UNREACHABLE,
 *   and what the command throws.
 */
export const withSession = async <T>(
  context: CommandContext,
  options: CommonOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> => {
  const { terminal } = context;
  const app = await loadApp(terminal, options.app);
  const config = loadConfig(terminal.environment);
  requireShared(context, config);
  const log = options.debug === true ? debugLog(terminal) : silentLog;
  const backend = await context.openBackend(app, config, log);
  try {
    await requireKafka(config, backend.broker.admin);
    return await work({ app, config, log, backend });
  } finally {
    await backend.close();
  }
};
