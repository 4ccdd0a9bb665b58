import { jobChoices, ofApp, ofQueue, ofType } from './choices.ts';
import { type Board, lines, type Row, stat, table } from './panel.ts';

const isItBroken: Row = {
  title: 'Is anything broken?',
  height: 4,
  panels: [
    stat({
      title: 'Alerts that page',
      about: 'Firing now. Which ones: the table below; what to do: docs/guides/monitoring.md.',
      unit: 'none',
      expr: `count(ALERTS{alertname=~"Esteira.*", alertstate="firing", severity="page", job=~"$app|"}) or vector(0)`,
      thresholds: [[1, 'red']],
    }),
    stat({
      title: 'Processes that answer',
      about: 'Scraped with success. 0: nothing runs.',
      unit: 'none',
      expr: `sum(up{${ofApp}}) or vector(0)`,
    }),
    stat({
      title: 'Completed',
      about: 'Jobs completed a second.',
      unit: 'ops',
      expr: `sum(rate(job_attempts_total{${ofType}, status="success"}[$__rate_interval]))`,
    }),
    stat({
      title: 'Died in an hour',
      about: 'Jobs that became dead letters in the last hour, whatever became of them since.',
      unit: 'short',
      expr: `round(sum(increase(esteira_dead_letters_total{${ofType}}[1h])))`,
      thresholds: [
        [1, 'orange'],
        [10, 'red'],
      ],
    }),
    stat({
      title: 'Oldest waiting',
      about: 'How long the oldest record that is not settled waits already.',
      unit: 's',
      expr: `max(esteira_oldest_waiting_seconds{${ofType}}) or vector(0)`,
      thresholds: [
        [60, 'yellow'],
        [900, 'red'],
      ],
    }),
    stat({
      title: 'Suspended or paused',
      about:
        'Job types whose starts have stopped, for all or for a tenant: a dependency is down, too many died, or an operator has paused them.',
      unit: 'none',
      expr: `count((max by (job, job_type) (esteira_suspensions{${ofType}}) > 0) or (max by (job, job_type) (esteira_paused{${ofType}}) > 0)) or vector(0)`,
      thresholds: [[1, 'purple']],
    }),
  ],
};

const forWhom: Row = {
  title: 'For whom?',
  height: 9,
  panels: [
    table({
      title: 'Job types',
      about:
        'Sort by a column. Next: esteira queues list, esteira dlq stats --job-type TYPE, esteira jobs why ID.',
      by: { job: 'App', job_type: 'Job type' },
      width: 16,
      columns: [
        {
          title: 'Completed /s',
          expr: `sum by (job, job_type) (rate(job_attempts_total{${ofType}, status="success"}[5m]))`,
          unit: 'ops',
        },
        {
          title: 'Died in 1 h',
          expr: `round(sum by (job, job_type) (increase(esteira_dead_letters_total{${ofType}}[1h])))`,
          unit: 'short',
          thresholds: [
            [1, 'orange'],
            [10, 'red'],
          ],
        },
        {
          title: 'Dead letters',
          expr: `max by (job, job_type) (jobs_in_dlq_total{${ofType}})`,
          unit: 'short',
          thresholds: [[1, 'orange']],
        },
        {
          title: 'Behind',
          expr: `sum by (job, job_type) (esteira_consumer_lag_records{${ofType}})`,
          unit: 'short',
          thresholds: [
            [1_000, 'yellow'],
            [10_000, 'orange'],
          ],
        },
        {
          title: 'Oldest waits',
          expr: `max by (job, job_type) (esteira_oldest_waiting_seconds{${ofType}})`,
          unit: 's',
          thresholds: [
            [60, 'yellow'],
            [900, 'red'],
          ],
        },
        {
          title: 'In flight',
          expr: `sum by (job, job_type) (esteira_jobs_in_flight{${ofType}})`,
          unit: 'short',
        },
        {
          title: 'Suspended for',
          expr: `max by (job, job_type) (esteira_suspended_seconds{${ofType}})`,
          unit: 's',
          thresholds: [[1, 'purple']],
        },
      ],
    }),
    table({
      title: 'Alerts that fire',
      about: 'Empty is good. Each has a chapter in docs/guides/monitoring.md.',
      by: {
        alertname: 'Alert',
        severity: 'Severity',
        job: 'App',
        job_type: 'Job type',
        queue: 'Queue',
        tier: 'Tier',
        marketplace: 'Marketplace',
        instance: 'Process',
      },
      columns: [
        {
          title: 'For',
          expr: `time() - min by (alertname, severity, job, job_type, queue, tier, marketplace, instance) (ALERTS_FOR_STATE{alertname=~"Esteira.*", job=~"$app|"} and ignoring (alertstate) ALERTS{alertstate="firing"})`,
          unit: 's',
          thresholds: [[0, 'red']],
        },
      ],
    }),
  ],
};

const sinceWhen: Row = {
  title: 'Since when?',
  height: 8,
  panels: [
    lines({
      title: 'Attempts by how they ended',
      about:
        'Failed ones include those that are tried again. Failed far above retried: jobs die, or a dependency is down.',
      unit: 'ops',
      queries: [
        {
          expr: `sum by (status) (rate(job_attempts_total{${ofType}}[$__rate_interval]))`,
          legend: '{{status}}',
        },
        { expr: `sum(rate(esteira_dead_letters_total{${ofType}}[$__rate_interval]))`, legend: 'dead' },
      ],
      colours: { success: 'green', failed: 'orange', retried: 'yellow', dead: 'red' },
    }),
    lines({
      title: 'Budget of dead jobs, burn rate',
      about:
        'Which part of jobs dies, over what the objective allows. Above 14.4 for an hour, or 6 for six hours, somebody is paged.',
      unit: 'short',
      queries: [
        {
          expr: `max by (job_type) (job_type:esteira_dead:ratio1h{${ofType}}) / scalar(esteira:dead_budget:ratio)`,
          legend: '{{job_type}}',
        },
      ],
      thresholds: [
        [1, 'yellow'],
        [14.4, 'red'],
      ],
    }),
    lines({
      title: 'Wait from due to start',
      about: 'All chosen queues. The objective: 99 % within 30 s.',
      unit: 's',
      queries: [50, 95, 99].map((percent) => ({
        expr: `histogram_quantile(${percent / 100}, sum by (le) (rate(job_queue_wait_seconds_bucket{${ofQueue}, job_type=~"$job_type"}[$__rate_interval])))`,
        legend: `${percent} %`,
      })),
      thresholds: [[30, 'red']],
    }),
  ],
};

const howMuch: Row = {
  title: 'What is it doing?',
  height: 8,
  panels: [
    lines({
      title: 'Completed by job type',
      about: 'Jobs a second.',
      unit: 'ops',
      stacked: true,
      queries: [
        {
          expr: `sum by (job_type) (rate(job_attempts_total{${ofType}, status="success"}[$__rate_interval]))`,
          legend: '{{job_type}}',
        },
      ],
    }),
    lines({
      title: 'Behind by job type',
      about: 'Records not yet settled. A line that climbs steadily: more arrives than is worked.',
      unit: 'short',
      queries: [
        {
          expr: `sum by (job_type) (esteira_consumer_lag_records{${ofType}})`,
          legend: '{{job_type}}',
        },
      ],
    }),
    lines({
      title: 'Time of handlers, 95 %',
      about: 'By job type, completed and failed attempts.',
      unit: 's',
      queries: [
        {
          expr: `histogram_quantile(0.95, sum by (le, job_type) (rate(job_processing_duration_seconds_bucket{${ofType}}[$__rate_interval])))`,
          legend: '{{job_type}}',
        },
      ],
    }),
  ],
};

/** What is broken, for whom, since when. */
export const overview: Board = {
  uid: 'overview',
  title: 'Overview',
  about: 'What is broken, for whom, since when. Begin here.',
  choices: jobChoices,
  rows: [isItBroken, forWhom, sinceWhen, howMuch],
};
