import type { AppDefinition } from '../../core/app.ts';
import type { Clock } from '../../core/clock.ts';
import { parseEnvelope } from '../../core/envelope.ts';
import { ownInboxesOf } from '../../core/inbox.ts';
import type { JobDefinition } from '../../core/job.ts';
import { names } from '../../core/names.ts';
import type { Broker } from '../../core/ports/broker.ts';
import type { Log } from '../../core/ports/log.ts';
import type { ConsumedRecord } from '../../core/record.ts';
import { resolveSettings } from '../../core/settings.ts';
import type { StartControl } from '../control/start-control.ts';
import type { EngineSettings } from '../engine-parts.ts';
import type { Entry } from '../entry.ts';
import type { Forwarder } from '../forwarder.ts';
import type { JobLine } from '../job-line.ts';
import { driverOf } from '../ordered/lane-driver.ts';
import { FloodWatches } from './flood-watches.ts';
import { LoopLoad } from './loop-load.ts';
import { PacedMoves } from './paced-moves.ts';
import { Unread } from './unread.ts';

export interface SurplusParts {
  readonly app: AppDefinition;
  readonly job: JobDefinition<unknown>;
  readonly broker: Pick<Broker, 'admin'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: Pick<EngineSettings, 'window' | 'attemptTimeoutMs'>;
  readonly line: Pick<JobLine, 'running' | 'prune'>;
  readonly forwarder: Pick<Forwarder, 'forward' | 'underWay'>;
  readonly control: Pick<StartControl, 'controls' | 'isHeldBack'>;
}

/** Moves on their way: their acknowledgements come together, and are work for one turn of the event loop. */
const MOST_UNDER_WAY = 1_000;

/** Whether an entry waits here as it came: neither begun nor dead. */
const mayLeave = ({ delivery, holds, underWay, dropped }: Entry): boolean =>
  delivery.deadOnArrival === undefined && holds === 'nothing' && !underWay && !dropped;

/** Moves what waits; what has begun goes on. */
const moveWaiting =
  ({ line }: SurplusParts, moves: PacedMoves) =>
  (entries: readonly Entry[]): readonly Entry[] => {
    const waiting = entries.filter(mayLeave);
    for (const entry of waiting) entry.dropped = true;
    line.prune();
    for (const entry of waiting) moves.add(entry);
    return waiting;
  };

/** What is parked stays with its sequence until it is written. */
const park = (entries: readonly Entry[]): readonly Entry[] => {
  for (const entry of entries) driverOf(entry).moveAside(entry);
  return [];
};

/** Whose a record is, as it says; undefined for events that are nothing to the job type. */
const tenantOf = (
  { triggers }: JobDefinition<unknown>,
  { packed, headers }: ConsumedRecord,
): string | undefined => {
  const { eventType, tenant = '', job } = parseEnvelope(packed ?? headers, true);
  const isWanted =
    job !== undefined || eventType === undefined || triggers.some(({ event }) => event.type === eventType);
  return isWanted ? tenant : undefined;
};

/** Watches a job type for tenants that flood; undefined where its surplus stays. */
export const openFloodWatches = (parts: SurplusParts): FloodWatches | undefined => {
  const { app, job, broker, clock, log, settings, line, control } = parts;
  // What would rather be skipped than wait has no surplus.
  if (job.surplus === 'stays' || resolveSettings(app, job, settings).queueTimeoutMs === 0) return undefined;
  const load = new LoopLoad();
  const moves = new PacedMoves({
    clock,
    move: (entry) => parts.forwarder.forward(entry, 'surplus'),
    isBusy: () => load.isHigh,
    isChoked: () => parts.forwarder.underWay >= MOST_UNDER_WAY,
  });
  return new FloodWatches({
    ...{ clock, windowRecords: settings.window.records, ordered: job.ordered, moves },
    exempt: new Set([...ownInboxesOf(app.name, job), names.waiting(app.name, job.type)]),
    surplus: names.surplus(app.name, job.type),
    running: () => line.running,
    isBusy: () => load.isHigh,
    isPaused: () => control.controls.pauseOfType(job) !== undefined,
    isHeldBack: (tenant) => control.isHeldBack(job, tenant),
    othersIn: (home) => {
      const unread = new Unread({
        ...{ home, admin: broker.admin, clock, log },
        tenantOf: (record) => tenantOf(job, record),
      });
      return (than) => unread.hasOthers(than);
    },
    takeAside: job.ordered ? park : moveWaiting(parts, moves),
  });
};
