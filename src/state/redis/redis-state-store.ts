import { EsteiraError } from '../../core/errors.ts';
import type { WithLimits } from '../../core/ports/limits.ts';
import type { OrderedStateStore } from '../../core/ports/order-state.ts';
import type { WithReports } from '../../core/ports/process-reports.ts';
import type { ToldRequest } from '../../core/ports/state.ts';
import { silently } from '../silently.ts';
import { type BatchScript, runBatch } from './batch-script.ts';
import { claimScript } from './claim-script.ts';
import { claimStateScript } from './claim-state-script.ts';
import { evaluateOn } from './evaluate.ts';
import { EventShelves } from './event-shelves.ts';
import { createKeyNames, createTagNames, type TagId } from './key-names.ts';
import { lastHopScript } from './last-hop-script.ts';
import { releaseScript, renewScript } from './lease-scripts.ts';
import { redisLimits } from './limit-state.ts';
import { redisOrderState } from './order-state.ts';
import { openRedisConnection } from './redis-connection.ts';
import type { RedisStateOptions, StateLog } from './redis-options.ts';
import { redisReports } from './report-state.ts';
import { checkServer } from './server-check.ts';
import { completeScript, decideScript, settledScript, toldScript } from './settlement-scripts.ts';

/** Each bucket is a call of its own; only a cluster gains by more. */
const DEFAULT_BUCKETS = 1;

/**
 * Claims, done marks and decisions in Redis 5 or later (or a server that speaks as it does, with Lua and cmsgpack).
 * Connects at the first call and keeps the connection; a call made while there is none waits for it as long as a
 * command may take.
 *
 * @throws EsteiraError ESTEIRA_CONFIG_INVALID (the URL, or `buckets`); each call ESTEIRA_STATE_UNAVAILABLE (make the
 *   same call again: all or none of its answers were given, and repeating is safe) or ESTEIRA_CLOSED.
 */
export const createRedisStateStore = (
  options: RedisStateOptions,
  log: StateLog,
): OrderedStateStore & WithLimits & WithReports => {
  const names = createKeyNames(options.namespace, bucketsOf(options));
  const connection = openRedisConnection(options, log);
  const each =
    <Request extends TagId, Answer>(script: BatchScript<Request, Answer>) =>
    async (requests: readonly Request[]): Promise<readonly Answer[]> =>
      connection.use(script.name, (commands) => runBatch(evaluateOn(commands), names, script, requests));
  const shelves = new EventShelves(names);
  const toldOneByOne = each(toldScript);
  const told = async (requests: readonly ToldRequest[]): Promise<void> => {
    const { over, unknown } = shelves.told(requests);
    if (unknown.length > 0) await toldOneByOne(unknown);
    if (over.length === 0) return;
    await connection.use('told', (commands) => Promise.all(over.map((name) => commands.call('DEL', [name]))));
  };
  return {
    claim: each(claimScript),
    renew: each(renewScript),
    complete: each(completeScript(shelves)),
    told,
    decide: each(decideScript),
    settled: silently(each(settledScript)),
    release: silently(each(releaseScript)),
    inspect: each(claimStateScript),
    lastHops: each(lastHopScript),
    order: redisOrderState({
      ...{ each, shelves, namesOf: names, tagsOf: createTagNames(options.namespace, bucketsOf(options)) },
      use: (name, task) => connection.use(name, (commands) => task(evaluateOn(commands))),
    }),
    limits: redisLimits(connection, options.namespace),
    reports: redisReports(connection, options.namespace),
    verify: () => checkServer(connection, log),
    close: () => connection.close(),
  };
};

const bucketsOf = ({ buckets = DEFAULT_BUCKETS }: RedisStateOptions): number => {
  if (Number.isInteger(buckets) && buckets >= 1 && buckets <= 16_384) return buckets;
  throw new EsteiraError('ESTEIRA_CONFIG_INVALID', 'The number of state buckets must be 1 to 16384.');
};
