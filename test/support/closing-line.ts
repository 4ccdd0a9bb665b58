import type { Reporter, TestModule } from 'vitest/node';

/**
 * Ends a run with the plain line `N passed, N failed` (and skipped ones), for people and machines; before it, each test
 * that passed only when tried again, by name: such a test is a bug to be found.
 */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    for (const module of modules) {
      let tests = 0;
      for (const test of module.children.allTests()) {
        tests += 1;
        const state = test.result().state;
        counts[state === 'pending' ? 'failed' : state] += 1;
        if (test.diagnostic()?.flaky === true)
          console.log(`passed only when tried again: ${module.relativeModuleId} > ${test.fullName}`);
      }
      if (tests === 0 && !module.ok()) counts.failed += 1;
    }
    const failed = counts.failed + errors.length;
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
    console.log(`${counts.passed} passed, ${failed} failed${skipped}`);
  }
}
