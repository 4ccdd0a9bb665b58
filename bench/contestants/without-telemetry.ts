import type { StartOptions } from '../../src/index.ts';

/** How an app is started without telling anything on the telemetry topic. */
export const WITHOUT_TELEMETRY: Partial<StartOptions> = { telemetry: false };
