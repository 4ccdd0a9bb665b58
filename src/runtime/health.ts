import type { Config } from '../config/index.ts';
import { type CheckResult, startHealthServer } from '../telemetry/health-server.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Obedience } from './control/open-control.ts';
import { type OpenMetricsParts, openMetrics } from './metrics/open-metrics.ts';
import type { Telling } from './telling.ts';
import type { Workers } from './worker-pool.ts';

/** The health server of a process. */
export type Health = Awaited<ReturnType<typeof startHealthServer>>;

/**
 * What dead-letter guards have suspended is said, and the process is ready all the same: else the deploy that mends the
 * cause would never become so.
 */
const guardCheck = (control: Obedience | undefined): CheckResult => {
  const notes = control?.notes() ?? [];
  return notes.length === 0 ? {} : { 'dead-letter guard': { ok: true, detail: notes.join('; ') } };
};

/** From here on it is no back pressure any more: jobs end, and none is settled. */
const TELEMETRY_STUCK_MS = 30_000;

const telemetryCheck = (stuckMs: number): CheckResult =>
  stuckMs <= TELEMETRY_STUCK_MS
    ? {}
    : {
        telemetry: {
          ok: false,
          detail: `the telemetry topic has acknowledged nothing for ${Math.round(stuckMs / 1_000)} s: jobs wait for it`,
        },
      };

/** Ready means: every part has its partitions, none is suspended, operators' rules are known, and jobs can be told. */
const readiness = ({ workers, control, telling }: HealthParts): CheckResult => ({
  ...guardCheck(control),
  ...telemetryCheck(telling.stuckMs()),
  ...Object.fromEntries(
    [
      ...workers.status(),
      ...(control === undefined ? [] : [{ name: 'control', suspended: control.status(), note: undefined }]),
    ].map(({ name, suspended, note }) => [
      name,
      suspended.length === 0
        ? { ok: true, ...(note === undefined ? {} : { detail: note }) }
        : { ok: false, detail: suspended.join(', ') },
    ]),
  ),
});

export interface HealthParts
  extends Pick<OpenMetricsParts, 'app' | 'broker' | 'clock' | 'slots' | 'limits' | 'jobs'> {
  readonly config: Config;
  readonly log: Logger;
  readonly workers: Workers;
  /** Undefined where no jobs run. */
  readonly control: Obedience | undefined;
  readonly telling: Telling;
}

/** Serves /health/live, /health/ready and /metrics. What only metrics need is watched from here on. */
export const startHealth = async (parts: HealthParts): Promise<Health> => {
  const { config, log, telling } = parts;
  const { openTelemetry, setDeadLetters, telemetry } = telling;
  const server = await startHealthServer({
    port: config.healthPort,
    log,
    live: () => ({ process: { ok: true } }),
    ready: () => readiness(parts),
    metrics: () => openTelemetry.metricsText(),
  });
  const metrics = openMetrics({
    ...{ ...parts, families: openTelemetry.families, setDeadLetters },
    telemetry: () => telling.status(),
    stuckMs: () => telling.stuckMs(),
    progressDropped: () => telemetry.progressDropped,
  });
  return {
    port: server.port,
    close: async (deadlineMs) => {
      await server.close(deadlineMs);
      await metrics.close();
    },
  };
};
