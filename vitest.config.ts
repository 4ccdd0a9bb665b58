import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/**
 * Projects by what they need: `unit` and `meta` nothing, `contract` and `scenarios` the real services
 * (started once for the run), `full` three brokers and large volumes.
 */
/** CommonJS packages are seen as Node sees them, so that a test runs what users run. */
const shared = { deps: { interopDefault: false } };

/** On two cores vitest would run one file at a time, and most of a small file is starting its process. */
const maxWorkers = Math.max(2, availableParallelism() - 1);

/**
 * CI gives a contract or a scenario on real services a second try; the closing lines name each that needed it. What plays
 * random histories, or looks for losses at full size, has one: there a failure that does not come again is a find.
 */
const secondTry = process.env['CI'] === 'true' ? 1 : 0;

export default defineConfig({
  test: {
    reporters: ['default', './test/support/closing-line.ts'],
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          include: ['test/{unit,types,examples,simulation}/**/*.test.ts'],
          testTimeout: 20_000,
          maxWorkers,
        },
      },
      {
        test: {
          ...shared,
          name: 'meta',
          include: ['test/meta/**/*.test.ts'],
          testTimeout: 60_000,
          maxWorkers,
        },
      },
      {
        test: {
          ...shared,
          name: 'contract',
          retry: secondTry,
          include: ['test/contract/**/*.test.ts'],
          globalSetup: ['test/support/real-services.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers,
        },
      },
      {
        test: {
          ...shared,
          name: 'scenarios',
          retry: secondTry,
          include: ['test/scenarios/**/*.test.ts'],
          globalSetup: ['test/support/real-services.ts'],
          testTimeout: 300_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          ...shared,
          name: 'full',
          include: ['test/full/**/*.test.ts'],
          testTimeout: 1_200_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
