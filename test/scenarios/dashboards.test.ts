import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePorts } from '../../stack/free-ports.ts';
import { type LocalPrometheus, startPrometheus } from '../../stack/prometheus.ts';
import { type PrometheusApi, prometheusApi } from '../support/dashboards/prometheus-api.ts';
import { prometheusOrNothing } from '../support/dashboards/prometheus-or-nothing.ts';
import { readBoards } from '../support/dashboards/read-boards.ts';
import { alertRules, recordRules, ruleFiles } from '../support/dashboards/read-rules.ts';
import { watchedApp } from '../support/dashboards/watched-app.ts';
import { invoice } from '../support/invoices.ts';
import { freshName, type Scenario, startScenario } from '../support/scenario.ts';
import { waitFor } from '../support/wait.ts';

/** Panels that have nothing to show in a run of some seconds. */
const MAY_BE_EMPTY = ['Against what is usual']; // needs a day before
/** Recorded series that need a longer past. */
const MAY_BE_UNRECORDED = ['marketplace:esteira_business_errors:usual'];

const binaries = await prometheusOrNothing();

const configOf = (port: number): string =>
  JSON.stringify({
    global: { scrape_interval: '500ms', evaluation_interval: '500ms' },
    rule_files: ruleFiles(),
    scrape_configs: [{ job_name: 'esteira', static_configs: [{ targets: [`127.0.0.1:${port}`] }] }],
  });

/**
 * With the variables of a board filled in, as Grafana would: one app, all of the rest. Without the zero that stands for
 * no series at all: it would hide a name that is misspelt.
 */
const filledIn = (text: string): string =>
  text
    .replaceAll('$app', 'esteira')
    .replaceAll('$__rate_interval', '30s')
    .replaceAll(/\$\w+/g, '.*')
    .replaceAll(' or vector(0)', '');

/** Names of series in an expression, those that rules record left out. */
const seriesIn = (expr: string): readonly string[] =>
  expr.match(
    /(?<![:\w])(?:esteira_|nodejs_|messaging_|jobs_in_|job_attempts|job_queue|job_processing)\w+(?![:\w])/g,
  ) ?? [];

// Promise: what a board asks, and what an alert is made of, is there: on real services, by a real Prometheus.
describe.skipIf(binaries === undefined)('boards and rules over a worker that did everything', () => {
  const ns = freshName('watched');
  const { app, paid, validate } = watchedApp(ns);
  let scenario: Scenario;
  let prometheus: LocalPrometheus;
  let api: PrometheusApi;

  const scraped = (expr: string) =>
    waitFor(`Prometheus to see ${expr}`, async () => (await api.query(expr)).length > 0, {
      timeoutMs: 15_000,
      everyMs: 100,
    });

  /** What each query of each panel gives now. */
  const answers = () =>
    Promise.all(
      readBoards().flatMap(({ uid, panels }) =>
        panels.flatMap(({ title, targets = [] }) =>
          targets.map(async ({ expr, legendFormat: legend }) => ({
            ...{ uid, title, legend },
            found: await api.query(filledIn(expr)),
          })),
        ),
      ),
    );

  const everythingHappens = async (): Promise<void> => {
    const { esteira } = scenario;
    const publish = (id: string, tenant = 'acme', eventId = id) =>
      esteira.publish(paid, invoice(id), { tenant, id: eventId });
    const judge = () =>
      esteira.dispatch(validate, { marketplace: 'meli', valid: 90, wrong: 10 }, { tenant: 'acme' });
    await judge();
    for (const id of [
      'settle-fine',
      'settle-flaky',
      'settle-wrong',
      'post-fine',
      'post-stuck',
      'post-behind',
    ])
      await publish(id);
    await publish('settle-fine', 'acme', 'told-again');
    await publish('settle-down', 'globex');
    // A marketplace has no numbers before its first report, and so no increase by it: it reports twice.
    await scraped('esteira_business_records_total');
    await judge();
    await scraped('sum(job_attempts_total{status="success"}) >= 5');
    await scraped('sum(esteira_skips_total) > 0');
    await scraped('sum(esteira_suspensions) > 0');
    await scraped('sum(jobs_in_dlq_total) > 0');
    await scraped('sum(esteira_key_sequences_waiting) > 0');
    // Rates need two scrapes after the change, recorded ones an evaluation more.
    await scraped('sum(job_type:esteira_dead:rate5m) > 0');
    await scraped('sum(marketplace:esteira_business_errors:ratio15m) > 0');
  };

  beforeAll(async () => {
    if (binaries === undefined) throw new Error('left out, without a Prometheus');
    const [port = 0] = await freePorts(1);
    const starting = startScenario(app, {
      health: true,
      environment: {
        ...process.env,
        ...{ LOG_LEVEL: 'silent', HEALTH_PORT: String(port), WORKER_SHUTDOWN_GRACE_SECONDS: '2' },
      },
    });
    // Both at once: a Prometheus takes five seconds until it scrapes at all.
    prometheus = await startPrometheus(binaries, configOf(port));
    scenario = await starting;
    api = prometheusApi(prometheus.url);
    await scraped('job_attempts_total');
    await everythingHappens();
  });
  afterAll(async () => {
    await prometheus?.stop();
    await scenario?.close();
  });

  test('each query of each panel is valid and gives a line with a number, except those named here', async () => {
    const silent = async () =>
      (await answers())
        .filter(({ title }) => !MAY_BE_EMPTY.includes(title))
        .filter(({ found }) => !found.some(({ value }) => Number.isFinite(value)))
        .map(({ uid, title, legend }) => `${uid} / ${title} / ${legend}`);
    // A rate needs two scrapes after its change, and what changed last may have had one.
    await expect.poll(silent, { timeout: 5_000, interval: 500 }).toEqual([]);
  });

  test('each label that a line or a row is named by is there', async () => {
    const missing = (await answers()).flatMap(({ uid, title, legend, found }) =>
      [...legend.matchAll(/\{\{(\w+)\}\}/g)]
        .map((match) => match[1] ?? '')
        .filter((label) => found.length > 0 && !found.some(({ labels }) => labels[label]))
        .map((label) => `${uid} / ${title}: ${label}`),
    );
    expect(missing).toEqual([]);
  });

  test('each choice that a board offers has something to choose', async () => {
    for (const { uid, templating } of readBoards()) {
      for (const { name, definition } of templating.list) {
        if (definition === undefined) continue;
        const [, selector = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(definition) ?? [];
        expect(await api.labelValues(label, filledIn(selector)), `${uid}: ${name}`).not.toEqual([]);
      }
    }
  });

  test('each rule is evaluated without an error, and records what it is there for', async () => {
    const unwell = (await api.rules()).filter(({ health }) => health !== 'ok');
    expect(unwell).toEqual([]);
    const unrecorded: string[] = [];
    for (const { record } of recordRules()) {
      if ((await api.query(record)).length === 0) unrecorded.push(record);
    }
    expect(unrecorded.filter((name) => !MAY_BE_UNRECORDED.includes(name))).toEqual([]);
  });

  test('each series that a rule is made of is told by the worker', async () => {
    const told = await api.labelValues('__name__', '{job="esteira"}');
    const used = [...alertRules(), ...recordRules()].flatMap(({ expr }) => seriesIn(expr));
    expect(used.length).toBeGreaterThan(20);
    expect(used.filter((name) => !told.includes(name))).toEqual([]);
  });

  test('the death of a critical job fires its alert, and nothing says that no worker is there', async () => {
    await scraped('ALERTS{alertname="EsteiraCriticalJobDied", alertstate="firing", job_type="settle"}');
    expect(await api.query('ALERTS{alertname=~"EsteiraNoWorker|EsteiraNoRelay|EsteiraWorkerDown"}')).toEqual(
      [],
    );
  });
});
