import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { defineApp, defineJob, EsteiraError, knownTenants, start } from '../../../../src/index.ts';
import { invoice } from '../../../support/invoices.ts';
import { ROOT } from '../../../support/source-files.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

process.env['ISOLATED_NS'] = 'isolated';
process.env['ISOLATED_TIMEOUT_MS'] = '8000';
const ledger = join(temporaryFolder('isolated'), 'ledger');
process.env['ISOLATED_LEDGER'] = ledger;
const support = (file: string): URL => pathToFileURL(join(ROOT, 'test/support', file));
const appModule = support('isolated-app.ts');
const { default: app, isolatedEvent } = await import('../../../support/isolated-app.ts');

const quiet = { LOG_LEVEL: 'silent', WORKER_SHUTDOWN_GRACE_SECONDS: '1' };
const LONG = { timeout: 90_000 };

const refusalOf = async (starting: Promise<{ stop(): Promise<boolean> }>): Promise<EsteiraError> => {
  try {
    await (await starting).stop();
  } catch (refusal) {
    if (refusal instanceof EsteiraError) return refusal;
    throw refusal;
  }
  throw new Error('it was started');
};

describe('an app with isolated job types', LONG, () => {
  test('is not started without a module, by the names of the job types, with what to write', async () => {
    const { code, message } = await refusalOf(start(app, { environment: quiet }));
    expect(code).toBe('ESTEIRA_DEFINITION_INVALID');
    expect(message).toMatch(/crunch, weigh: a thread must load the app.*appModule: new URL\(.*--app PATH/);
  });

  test('is not defined with a thread of no memory', () => {
    const job = defineJob({
      ...{ type: 'lost', kind: 'system', order: 'none', run: () => undefined },
      isolate: { memoryMb: 0 },
    });
    expect(() => defineApp({ name: 'lost', events: [], jobs: [job], tenants: knownTenants([]) })).toThrow(
      /job lost: isolate\.memoryMb/,
    );
  });

  test.each([
    ['a path', './app.ts', /appModule is ".\/app.ts", which is not a URL: write start\(app, /],
    ['a module that exports no app', support('wait.ts'), /its default export is not an app/],
    [
      'a module that starts the app',
      support('isolated-starter.ts'),
      /started in the thread of an isolated job/,
    ],
    [
      'a module that is not there',
      support('nowhere.ts'),
      /cannot load the app of appModule: Cannot find .*nowhere/,
    ],
  ])('is not started with %s', async (_, given, said) => {
    const { code, message } = await refusalOf(start(app, { environment: quiet, appModule: given }));
    expect([code, message]).toEqual(['ESTEIRA_DEFINITION_INVALID', expect.stringMatching(said)]);
  });

  test('is not started when the module has another app, or lacks the job type', async () => {
    const lost = defineJob({
      type: 'lost',
      kind: 'system',
      order: 'none',
      isolate: true,
      run: () => undefined,
    });
    const define = (name: string) =>
      defineApp({ name, events: [], jobs: [lost], tenants: knownTenants(['tenant-00']) });
    const other = await refusalOf(start(define('other'), { environment: quiet, appModule }));
    expect(other.message).toMatch(/isolate of lost: the app of the module is isolated, not other/);
    const lacking = await refusalOf(start(define('isolated'), { environment: quiet, appModule }));
    expect(lacking.message).toMatch(/isolate of lost: the app of the module has no isolated job type lost/);
  });

  test('needs no module where its isolated types do not run', async () => {
    const esteira = await start(app, { environment: quiet, roles: [] });
    expect(await esteira.stop()).toBe(true);
  });

  test('is stopped within its grace while a handler computes for ever, and leaves no thread', async () => {
    const esteira = await start(app, { environment: { ...quiet }, appModule });
    const started = new Promise((resolve) => {
      esteira.on('started', ({ jobType }) => jobType === 'crunch' && resolve(jobType));
    });
    await esteira.publish(isolatedEvent, invoice('loop:stop'), { tenant: 'tenant-00' });
    await started;
    const fromMs = Date.now();
    expect(await esteira.stop()).toBe(true);
    expect(Date.now() - fromMs).toBeLessThan(6_000);
  });

  test('runs them in threads: a time-out ends the thread and is retried, then dead; progress is told, and what follows follows', async () => {
    const esteira = await start(app, { environment: quiet, appModule });
    const codes: (string | null)[] = [];
    const percents: (number | undefined)[] = [];
    esteira.on('failed', ({ errorCode }) => codes.push(errorCode));
    esteira.on('progress', ({ metrics }) => percents.push(metrics['percent']));
    const dead = new Promise((resolve) => {
      esteira.on('dead', ({ reason, errorCode }) => resolve([reason, errorCode]));
    });
    await esteira.publish(isolatedEvent, invoice('loop'), { tenant: 'tenant-00' });
    await esteira.publish(isolatedEvent, invoice('progress'), { tenant: 'tenant-01' });
    await esteira.publish(isolatedEvent, invoice('where:followed'), { tenant: 'tenant-02' });
    expect(await dead).toEqual(['attempts_exhausted', 'ESTEIRA_ATTEMPT_TIMEOUT']);
    await esteira.idle();
    expect(codes).toEqual(['ESTEIRA_ATTEMPT_TIMEOUT', 'ESTEIRA_ATTEMPT_TIMEOUT']);
    expect([percents[0], percents.at(-1)]).toEqual([0, 100]);
    const lines = readFileSync(ledger, 'utf8').trim().split('\n');
    expect(lines.filter((line) => line.startsWith('start loop '))).toEqual(['start loop 1', 'start loop 2']);
    expect(lines).toContain('quick loop true');
    expect(lines.filter((line) => line.startsWith('echo '))).toEqual(['echo where:followed true']);
    expect(await esteira.stop()).toBe(true);
  });
});
