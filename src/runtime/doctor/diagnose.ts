import { isEsteiraError } from '../../core/errors.ts';
import { type Area, type Check, checksOf, type Verdict } from './check.ts';
import { kafkaClock, redisClock } from './clocks.ts';
import { withinDeadline } from './deadline.ts';
import { eventTopics } from './event-topics.ts';
import { jobLags, tierLags } from './group-lag.ts';
import { groupOffsets } from './group-offsets.ts';
import { guardedTypes } from './guarded-types.ts';
import { orphanedTopics, strangerGroups } from './orphans.ts';
import type { DoctorParts, Probe } from './parts.ts';
import { redisServer } from './redis-server.ts';
import { rights } from './rights.ts';
import { schemas } from './schemas.ts';
import { reachServices, type Service, serviceName } from './services.ts';
import { topicSafety } from './topic-safety.ts';
import { topicShapes } from './topic-shape.ts';

/** A part of a diagnosis: where, what it needs, and what is looked at. */
interface Part {
  readonly area: Area;
  readonly name: string;
  readonly needs: Service;
  readonly probe: Probe;
}

const PARTS: readonly Part[] = [
  { area: 'topics', name: 'topics', needs: 'kafka', probe: topicShapes },
  { area: 'topics', name: 'copies', needs: 'kafka', probe: topicSafety },
  { area: 'topics', name: 'events', needs: 'kafka', probe: eventTopics },
  { area: 'topics', name: 'left behind', needs: 'kafka', probe: orphanedTopics },
  { area: 'topics', name: 'clock', needs: 'kafka', probe: kafkaClock },
  { area: 'groups', name: 'offsets', needs: 'kafka', probe: groupOffsets },
  { area: 'groups', name: 'lag', needs: 'kafka', probe: jobLags },
  { area: 'groups', name: 'delays', needs: 'kafka', probe: tierLags },
  { area: 'groups', name: 'dead letters', needs: 'kafka', probe: guardedTypes },
  { area: 'groups', name: 'strangers', needs: 'kafka', probe: strangerGroups },
  { area: 'rights', name: 'rights', needs: 'kafka', probe: rights },
  { area: 'redis', name: 'server', needs: 'redis', probe: redisServer },
  { area: 'redis', name: 'clock', needs: 'redis', probe: redisClock },
  { area: 'registry', name: 'schemas', needs: 'registry', probe: schemas },
];

/** How many checks came to what. */
export type Counts = Readonly<Record<Verdict, number>>;

/** What a diagnosis found. */
export interface Diagnosis {
  /** By area, in the order they were looked at. */
  readonly checks: readonly Check[];
  readonly counts: Counts;
}

const AREA_DEADLINE_MS = 60_000;

/** A look that fails is a finding, and the rest goes on. */
const look = async (parts: DoctorParts, { area, name, probe }: Part): Promise<readonly Check[]> => {
  try {
    const limitMs = parts.areaDeadlineMs ?? AREA_DEADLINE_MS;
    return await withinDeadline(`${area}: ${name}`, limitMs, probe(parts));
  } catch (error) {
    if (!isEsteiraError(error)) throw error;
    const todo =
      error.code === 'ESTEIRA_BROKER_REFUSED'
        ? 'these credentials may not look there: give them Describe, or look as somebody else'
        : 'see docs/reference/errors.md, then look again';
    return [checksOf(area).problem(name, `could not be looked at: ${error.message} (${error.code})`, todo)];
  }
};

const behind = (service: Service, parts: readonly Part[]): readonly Check[] =>
  [...new Set(parts.map(({ area }) => area))].map((area) =>
    checksOf(area).unknown(
      area,
      `not looked at, as ${serviceName(service)} cannot be used`,
      'look again when it can',
    ),
  );

/** Counts checks by what they came to. */
export const countChecks = (checks: readonly Check[]): Counts => {
  const of = (verdict: Verdict): number => checks.filter((check) => check.verdict === verdict).length;
  return { ok: of('ok'), warning: of('warning'), problem: of('problem'), unknown: of('unknown') };
};

/**
 * Looks at everything an app needs and changes nothing. Never throws for what a service does: a dead one is a problem,
 * what lies behind it is unknown, and the rest is looked at all the same.
 */
export const diagnose = async (parts: DoctorParts): Promise<Diagnosis> => {
  const { checks: services, down } = await reachServices(parts);
  const checks: Check[] = [...services];
  // One after the other: a diagnosis must not be a load of its own.
  for (const part of PARTS.filter(({ needs }) => !down.has(needs))) checks.push(...(await look(parts, part)));
  for (const service of down)
    checks.push(
      ...behind(
        service,
        PARTS.filter(({ needs }) => needs === service),
      ),
    );
  return { checks, counts: countChecks(checks) };
};
