import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { start } from '../../src/index.ts';
import { ROOT } from '../support/source-files.ts';

const FILE = 'test/support/long-work-app.ts';
const text = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

test('the code of the guide to long and hung work is the program that runs here', () => {
  const [, code = ''] = /```ts app\.ts\n(.*?)```/s.exec(text('docs/guides/long-and-hung-work.md')) ?? [];
  expect(code).toBe(text(FILE).replace("'../../src/index.ts'", "'esteira'"));
});

test('it tells its progress to the end, in the own thread and in one of its own', {
  timeout: 60_000,
}, async () => {
  const { default: app, hashDocument, importRows } = await import('../support/long-work-app.ts');
  const esteira = await start(app, {
    appModule: pathToFileURL(join(ROOT, FILE)),
    environment: { LOG_LEVEL: 'silent', WORKER_SHUTDOWN_GRACE_SECONDS: '1' },
  });
  const percents: Record<string, (number | undefined)[]> = {};
  const completed: string[] = [];
  esteira.on('progress', ({ jobType, metrics }) => {
    percents[jobType] = [...(percents[jobType] ?? []), metrics['percent']];
  });
  esteira.on('completed', ({ jobType }) => completed.push(jobType));
  await esteira.dispatch(importRows, { rows: ['a', 'b', 'c', 'd'] }, { tenant: 'acme' });
  await esteira.dispatch(hashDocument, { text: 'a', rounds: 20_000 }, { tenant: 'acme' });
  await esteira.idle({ timeoutMs: 40_000 });
  expect(percents['import-rows']).toEqual([25, 100]);
  expect(percents['hash-document']?.[0]).toBe(5);
  expect(percents['hash-document']?.at(-1)).toBe(100);
  expect(completed.toSorted()).toEqual(['hash-document', 'import-rows']);
  expect(await esteira.stop()).toBe(true);
});

test('threads keep a program alive while they load and run, and no longer', { timeout: 60_000 }, async () => {
  // Threads kept nothing alive at first: Node ended such a program in mid-start, with code 13.
  const program = join(ROOT, 'test/support/long-work-main.ts');
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', program], {
    timeout: 50_000,
  });
  expect(stdout.trim().split('\n')).toEqual(['completed hash-document', 'stopped true']);
});
