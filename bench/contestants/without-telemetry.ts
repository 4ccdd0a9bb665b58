import type { StartOptions } from '../../src/index.ts';

/**
 * How an app is started without telling anything. There is no such option yet, so what would be measured with it is
 * left out; set it here, and the figure appears.
 */
export const WITHOUT_TELEMETRY: Partial<StartOptions> | undefined = undefined;
