import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach } from 'vitest';

const made: string[] = [];
let hasFailed = false;

afterEach(({ task }) => {
  hasFailed ||= task.result?.state === 'fail';
});

// Registered where this file is first imported, so it runs behind the hooks of the test file.
afterAll(() => {
  if (!hasFailed) for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/**
 * A folder of its own, for a test, its hooks or its whole file: removed when the file's tests have ended, but kept where
 * one of them failed, for the logs in it.
 */
export const temporaryFolder = (what: string): string => {
  const folder = mkdtempSync(join(tmpdir(), `esteira-${what}-`));
  made.push(folder);
  return folder;
};
