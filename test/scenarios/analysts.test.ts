import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemContext } from '../../src/cli/context.ts';
import { runCli } from '../../src/cli/program.ts';
import { systemTerminal } from '../../src/cli/terminal.ts';
import { openProjection } from '../../src/runtime/analytics/index.ts';
import { gather } from '../support/analytics/ask.ts';
import { invoice } from '../support/invoices.ts';
import { freshName, startScenario } from '../support/scenario.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait.ts';

const ns = freshName('analysts');
process.env['ANALYTICS_NS'] = ns;
const { default: app, invoicePaid } = await import('../support/analytics/analytics-app.ts');
const folder = temporaryFolder('analysts');
const path = join(folder, 'jobs.duckdb');
const environment = { ...process.env, PROJECTION_PATH: path, LOG_LEVEL: 'silent', HEALTH_PORT: '0' };

/** Runs a command, and gives what it printed. */
const esteira = async (...args: readonly string[]): Promise<{ code: number; out: string }> => {
  const lines: string[] = [];
  const terminal = {
    ...systemTerminal(),
    ...{ environment, out: (text: string) => lines.push(text), err: () => undefined },
  };
  const code = await runCli([...args, '--app', 'test/support/analytics/analytics-app.ts'], {
    ...systemContext(),
    terminal,
  });
  return { code, out: lines.join('\n') };
};

const PAYMENTS = [
  ...Array.from({ length: 60 }, (_, index) => `once-${index}`),
  ...Array.from({ length: 12 }, (_, index) => `again-${index}`),
  ...Array.from({ length: 5 }, (_, index) => `never-${index}`),
];

test('queries are answered while the projection writes, and their totals are those of what was told', async () => {
  const scenario = await startScenario(app, { environment, roles: ['worker', 'relay', 'projection'] });
  try {
    const projection = await openProjection(path);
    expect(projection.by).toBe('process');
    const ask = async (sql: string) => (await gather(projection.ask({ sql }))).rows;
    for (let from = 0; from < PAYMENTS.length; from += 20) {
      await Promise.all(
        PAYMENTS.slice(from, from + 20).map((paymentId, index) =>
          scenario.esteira.publish(invoicePaid, invoice(paymentId), {
            ...{ tenant: index % 2 === 0 ? 'acme' : 'umbrella', id: paymentId },
          }),
        ),
      );
      // While it writes: an answer is as of some commit, never of more than was told.
      const [row] = await ask('SELECT count(*) AS n FROM job_events');
      expect(row?.['n']).toBeLessThanOrEqual(scenario.told.length);
    }
    await waitFor(
      'all jobs to have ended',
      () => scenario.toldOf('job.completed').length === 72 && scenario.toldOf('job.sent_to_dlq').length === 5,
      { timeoutMs: 30_000 },
    );
    await waitFor(
      'the projection to have read it all',
      async () => (await ask('SELECT count(*) AS n FROM job_events'))[0]?.['n'] === scenario.told.length,
      { timeoutMs: 15_000 },
    );

    expect(
      await ask(
        'SELECT state, count(*) AS jobs, sum(attempts) AS attempts FROM jobs GROUP BY ALL ORDER BY ALL',
      ),
    ).toEqual([
      { state: 'completed', jobs: 72, attempts: 84 },
      { state: 'dead', jobs: 5, attempts: 5 },
    ]);
    const told = [...new Set(scenario.told.map(({ type }) => type))].sort();
    expect(await ask('SELECT type, count(*) AS told FROM job_events GROUP BY ALL ORDER BY type')).toEqual(
      told.map((type) => ({ type, told: scenario.told.filter((event) => event.type === type).length })),
    );

    const errors = await esteira(
      'telemetry',
      'query',
      'SELECT error_message, failures FROM top_errors',
      '--csv',
    );
    expect(errors).toEqual({
      code: 0,
      out: 'error_message,failures\nthe bank was busy,12\nno such account,5',
    });
    expect((await esteira('telemetry', 'query', 'DROP TABLE events')).code).toBe(3);

    const listed = JSON.parse(
      (await esteira('jobs', 'list', '--state', 'dead', '--tenant', 'acme', '--json')).out,
    );
    expect([listed.by, listed.jobs.length, listed.isCut]).toEqual(['process', 3, false]);
    const [{ job_id: id }] = listed.jobs;
    const shown = JSON.parse((await esteira('jobs', 'show', id, '--json')).out);
    expect([shown.historyFrom, shown.state, shown.history.map(({ type }: { type: string }) => type)]).toEqual(
      [...['projection', 'dead', ['job.started', 'job.failed', 'job.sent_to_dlq']]],
    );
    const tail = await esteira('telemetry', 'tail', '--job', id, '--json');
    expect(tail.out.split('\n').map((line) => JSON.parse(line).type)).toEqual([
      'job.started',
      'job.failed',
      'job.sent_to_dlq',
    ]);
  } finally {
    await scenario.close();
  }
  // Nobody writes it any more: the file itself answers.
  const rest = JSON.parse(
    (await esteira('telemetry', 'query', 'SELECT count(*) AS n FROM jobs', '--json')).out,
  );
  expect([rest.by, rest.rows]).toEqual(['file', [{ n: 77 }]]);
});
