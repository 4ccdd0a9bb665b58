import { StartControl } from '../../consumers/control/start-control.ts';
import type { QueueLimits } from '../../consumers/limits/queue-limits.ts';
import type { SlotScheduler } from '../../consumers/scheduling/slot-scheduler.ts';
import type { AppDefinition } from '../../core/app.ts';
import { systemClock } from '../../core/clock.ts';
import { withRule } from '../../core/controls.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Backend } from '../backend.ts';
import { type ControlFollower, openControlFollower } from './control-follower.ts';

export interface OpenControlParts {
  readonly app: AppDefinition;
  readonly backend: Pick<Backend, 'broker'>;
  readonly log: Log;
  readonly slots: SlotScheduler;
  readonly limits: QueueLimits;
}

/**
 * What a process obeys. Where it `works`, the rules are read before the first job starts and followed from then on; else
 * nobody need know them.
 *
 * @throws as {@link openControlFollower}
 */
export const openControl = async (
  { app, backend, log, slots, limits }: OpenControlParts,
  works: boolean,
): Promise<{ readonly control: StartControl; readonly follower: ControlFollower | undefined }> => {
  const control = new StartControl();
  control.watch((controls) => {
    limits.obey(controls);
    for (const queue of app.queues.values())
      slots.limit(queue.name, withRule(queue, controls.limitOf(queue.name)).concurrency);
  });
  if (!works) return { control, follower: undefined };
  const follower = await openControlFollower({
    ...{ ns: app.name, admin: backend.broker.admin, clock: systemClock, log },
    onChange: (controls) => control.obey(controls),
  });
  return { control, follower };
};
