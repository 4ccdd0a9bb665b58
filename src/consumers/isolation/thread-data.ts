import { isMainThread, workerData } from 'node:worker_threads';
import { readProperty } from '../../core/error-facts.ts';
import { EsteiraError } from '../../core/errors.ts';

/** Whether this code runs in the thread of an isolated job. */
const inJobThread = (): boolean => !isMainThread && readProperty(workerData, 'esteiraJobThread') === true;

/**
 * An app started in the thread that only looks for it would run beside itself.
 *
 * @throws EsteiraError ESTEIRA_USAGE
 */
export const refuseInJobThread = (appName: string): void => {
  if (!inJobThread()) return;
  throw new EsteiraError(
    'ESTEIRA_USAGE',
    `${appName} is started in the thread of an isolated job: start it in another module than the one that exports it (appModule)`,
  );
};
