import type { LimitId, LimitStore, LockId } from '../../core/ports/limits.ts';
import { silently } from '../silently.ts';
import { evaluateOn } from './evaluate.ts';
import { namePart } from './key-names.ts';
import { lockScript, renewLockScript, unlockScript } from './limit-lock-scripts.ts';
import { takeStartsScript } from './limit-rate-script.ts';
import { type LimitScript, runEach } from './limit-script.ts';
import { acquireScript, releaseSlotsScript, renewSlotsScript } from './limit-slot-scripts.ts';
import type { RedisConnection } from './redis-connection.ts';

/** Slots, start rates and locks in Redis. All keys of a limit, or of a lock, carry one hash tag of their own. */
export const redisLimits = (connection: RedisConnection, namespace: string): LimitStore => {
  const names = limitKeys(namespace);
  const each =
    <Request, Answer>(
      keysOf: (request: Request) => readonly string[],
      script: LimitScript<Request, Answer>,
    ) =>
    (requests: readonly Request[]): Promise<readonly Answer[]> =>
      connection.use(script.name, (commands) => runEach(evaluateOn(commands), keysOf, script, requests));
  return {
    acquire: each(names.slots, acquireScript),
    renewSlots: each(names.slots, renewSlotsScript),
    releaseSlots: silently(each(names.slots, releaseSlotsScript)),
    takeStarts: each(names.rate, takeStartsScript),
    lock: each(names.lock, lockScript),
    renewLocks: each(names.lock, renewLockScript),
    unlock: silently(each(names.lock, unlockScript)),
  };
};

/** The keys of each script: `{namespace:q:queue:tenant}:slots` and so on, `{namespace:lock:tenant:key}:lock`. */
const limitKeys = (namespace: string) => {
  const prefix = namePart(namespace);
  const tagOf = ({ queue, tenant }: LimitId): string =>
    `{${prefix}:q:${namePart(queue)}${tenant === undefined ? '' : `:${namePart(tenant)}`}}`;
  return {
    slots: (id: LimitId): readonly string[] => {
      const tag = tagOf(id);
      return [`${tag}:slots`, `${tag}:waiting`, `${tag}:seen`];
    },
    rate: (id: LimitId): readonly string[] => [`${tagOf(id)}:rate`],
    lock: ({ tenant, key }: LockId): readonly string[] => [
      `{${prefix}:lock:${namePart(tenant)}:${namePart(key)}}:lock`,
    ],
  };
};
