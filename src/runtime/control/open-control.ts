import { waitOrStop } from '../../consumers/backoff.ts';
import { StartControl } from '../../consumers/control/start-control.ts';
import type { QueueLimits } from '../../consumers/limits/queue-limits.ts';
import type { SlotScheduler } from '../../consumers/scheduling/slot-scheduler.ts';
import type { AppDefinition } from '../../core/app.ts';
import { systemClock } from '../../core/clock.ts';
import { type PauseRule, suspensionWords } from '../../core/control-rules.ts';
import { withRule } from '../../core/controls.ts';
import type { ServiceIdentity } from '../../core/job-event.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Backend } from '../backend.ts';
import { announceSuspension } from './announce-suspension.ts';
import { type ControlFollower, openControlFollower } from './control-follower.ts';

export interface OpenControlParts {
  readonly app: AppDefinition;
  readonly backend: Pick<Backend, 'broker' | 'serde'>;
  readonly log: Log;
  readonly identity: ServiceIdentity;
  readonly slots: SlotScheduler;
  readonly limits: QueueLimits;
}

/** What a process does to obey. */
export interface Obedience {
  /** What is wrong, for readiness: the rules may be old. */
  status(): readonly string[];
  /** What dead-letter guards have suspended, and how it goes on: nothing is wrong with the process. */
  notes(): readonly string[];
  /** Stops looking. Safe to call twice. */
  close(): void;
}

const LOOK_EVERY_MS = 200;

/** From here on only the control topic counts: it has been read as far as the suspension, or as its end. */
const untilRead = async (offset: bigint, position: () => bigint, stopped: AbortSignal): Promise<void> => {
  while (position() <= offset && !stopped.aborted) await waitOrStop(systemClock, LOOK_EVERY_MS, stopped);
};

/** A control whose suspensions are written for all to read. */
const announcing = (parts: OpenControlParts, position: () => bigint, stopped: AbortSignal): StartControl => {
  const announce = async (rule: PauseRule): Promise<void> => {
    const offset = await announceSuspension({ ...parts, clock: systemClock, stopped }, rule);
    if (offset === undefined) return;
    await untilRead(offset, position, stopped);
    if (!stopped.aborted) control.announced(rule);
  };
  const control = new StartControl((rule) => void announce(rule));
  return control;
};

/**
 * What a process obeys. Where it `works`, the rules are read before the first job starts and followed from then on; else
 * nobody need know them.
 *
 * @throws as {@link openControlFollower}
 */
export const openControl = async (
  parts: OpenControlParts,
  works: boolean,
): Promise<{ readonly control: StartControl; readonly obedience: Obedience | undefined }> => {
  const { app, backend, log, slots, limits } = parts;
  const stopping = new AbortController();
  let follower: ControlFollower | undefined;
  const control = announcing(parts, () => follower?.position ?? 0n, stopping.signal);
  control.watch((controls) => {
    limits.obey(controls);
    for (const queue of app.queues.values())
      slots.limit(queue.name, withRule(queue, controls.limitOf(queue.name)).concurrency);
  });
  if (!works) return { control, obedience: undefined };
  follower = await openControlFollower({
    ...{ ns: app.name, admin: backend.broker.admin, clock: systemClock, log },
    onChange: (controls) => control.obey(controls),
  });
  const obedience: Obedience = {
    status: () => follower?.status() ?? [],
    notes: () => control.controls.guarded().map(suspensionWords),
    close: () => {
      stopping.abort();
      follower?.close();
    },
  };
  return { control, obedience };
};
