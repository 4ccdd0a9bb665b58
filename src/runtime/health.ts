import type { Config } from '../config/index.ts';
import { type CheckResult, startHealthServer } from '../telemetry/health-server.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { OpenTelemetry } from '../telemetry/open-telemetry.ts';
import type { Workers } from './worker-pool.ts';

/** The health server of a process. */
export type Health = Awaited<ReturnType<typeof startHealthServer>>;

/** Ready means: every part has its partitions, and none is suspended. */
const readiness = (workers: Workers): CheckResult =>
  Object.fromEntries(
    workers
      .status()
      .map(({ name, suspended }) => [
        name,
        suspended.length === 0 ? { ok: true } : { ok: false, detail: suspended.join(', ') },
      ]),
  );

/** Serves /health/live, /health/ready and /metrics. */
export const startHealth = (parts: {
  readonly config: Config;
  readonly log: Logger;
  readonly workers: Workers;
  readonly openTelemetry: OpenTelemetry;
}): Promise<Health> =>
  startHealthServer({
    port: parts.config.healthPort,
    log: parts.log,
    live: () => ({ process: { ok: true } }),
    ready: () => readiness(parts.workers),
    metrics: () => parts.openTelemetry.metricsText(),
  });
