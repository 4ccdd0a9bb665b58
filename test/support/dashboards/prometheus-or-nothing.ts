import { localPrometheusBinaries } from '../../../stack/prometheus.ts';
import type { PrometheusBinaries } from '../../../stack/prometheus-binaries.ts';

/**
 * Prometheus, by whichever way there is. Where none works it says so, loudly, and the tests that need it are left out;
 * under `CI=true` it fails.
 */
export const prometheusOrNothing = async (): Promise<PrometheusBinaries | undefined> => {
  try {
    return await localPrometheusBinaries((line) => console.error(`prometheus: ${line}`));
  } catch (error) {
    if (process.env['CI'] === 'true') throw error;
    console.error(`NOT TESTED: dashboards need a real Prometheus. ${String(error)}`);
    return undefined;
  }
};
