import type { Config } from '../config/index.ts';
import { type CheckResult, startHealthServer } from '../telemetry/health-server.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { OpenTelemetry } from '../telemetry/open-telemetry.ts';
import type { Obedience } from './control/open-control.ts';
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

/** Ready means: every part has its partitions, none is suspended, and operators' rules are known. */
const readiness = (workers: Workers, control: Obedience | undefined): CheckResult => ({
  ...guardCheck(control),
  ...Object.fromEntries(
    [
      ...workers.status(),
      ...(control === undefined ? [] : [{ name: 'control', suspended: control.status() }]),
    ].map(({ name, suspended }) => [
      name,
      suspended.length === 0 ? { ok: true } : { ok: false, detail: suspended.join(', ') },
    ]),
  ),
});

/** Serves /health/live, /health/ready and /metrics. */
export const startHealth = (parts: {
  readonly config: Config;
  readonly log: Logger;
  readonly workers: Workers;
  /** Undefined where no jobs run. */
  readonly control: Obedience | undefined;
  readonly openTelemetry: OpenTelemetry;
}): Promise<Health> =>
  startHealthServer({
    port: parts.config.healthPort,
    log: parts.log,
    live: () => ({ process: { ok: true } }),
    ready: () => readiness(parts.workers, parts.control),
    metrics: () => parts.openTelemetry.metricsText(),
  });
