import { jobChoices, ofApp, ofType } from './choices.ts';
import { type Board, lines, type Row, stat, table } from './panel.ts';

const critical = 'on (job, job_type) group_left max by (job, job_type) (esteira_job_info{critical="true"})';

const now: Row = {
  title: 'What is dead',
  height: 4,
  panels: [
    stat({
      title: 'Dead letters to do',
      about: 'Not replayed, not discarded. esteira dlq stats',
      unit: 'short',
      expr: `sum(max by (job, job_type) (jobs_in_dlq_total{${ofType}}))`,
      thresholds: [[1, 'orange']],
    }),
    stat({
      title: 'Of critical job types',
      about: 'Jobs of critical types that died in the last day.',
      unit: 'short',
      expr: `round(sum(sum by (job, job_type) (increase(esteira_dead_letters_total{${ofType}}[1d])) * ${critical})) or vector(0)`,
      thresholds: [[1, 'red']],
    }),
    stat({
      title: 'Died in a day',
      about: 'Whatever became of them since.',
      unit: 'short',
      expr: `round(sum(increase(esteira_dead_letters_total{${ofType}}[1d])))`,
    }),
    stat({
      title: 'Part of jobs that died in three days',
      about: 'Of those that ended. The objective: 0.1 %.',
      unit: 'percentunit',
      expr: `sum(sum_over_time(job_type:esteira_dead:rate5m{${ofType}}[3d])) / sum(sum_over_time(job_type:esteira_ended:rate5m{${ofType}}[3d]))`,
      thresholds: [[0.001, 'red']],
    }),
  ],
};

const why: Row = {
  title: 'Of what, and since when',
  height: 9,
  panels: [
    lines({
      title: 'Died by reason',
      about:
        'Jobs in each ten minutes. undecodable and payload_invalid: a producer; attempts_exhausted: a handler or its sink.',
      unit: 'short',
      stacked: true,
      queries: [
        {
          expr: `sum by (reason) (increase(esteira_dead_letters_total{${ofType}}[10m]))`,
          legend: '{{reason}}',
        },
      ],
    }),
    lines({
      title: 'Died by job type',
      about: 'Jobs in each ten minutes.',
      unit: 'short',
      stacked: true,
      queries: [
        {
          expr: `sum by (job_type) (increase(esteira_dead_letters_total{${ofType}}[10m]))`,
          legend: '{{job_type}}',
        },
      ],
    }),
    table({
      title: 'By job type and reason',
      about: 'In the last day. Next: esteira dlq list --job-type TYPE --dead-reason REASON',
      by: { job_type: 'Job type', reason: 'Reason' },
      columns: [
        {
          title: 'Died in 24 h',
          expr: `round(sum by (job_type, reason) (increase(esteira_dead_letters_total{${ofType}}[1d]))) > 0`,
          unit: 'short',
        },
      ],
    }),
  ],
};

const stock: Row = {
  title: 'The stock, and the way back',
  height: 8,
  panels: [
    lines({
      title: 'Dead letters by job type',
      about: 'Falls when they are replayed or discarded.',
      unit: 'short',
      queries: [{ expr: `max by (job_type) (jobs_in_dlq_total{${ofType}})`, legend: '{{job_type}}' }],
    }),
    lines({
      title: 'Replayed records by state',
      about: 'How far replays are. Which one: esteira replay list.',
      unit: 'short',
      queries: [
        {
          expr: `sum by (state) (max by (job, job_type, state) (esteira_replay_records{${ofType}}))`,
          legend: '{{state}}',
        },
      ],
    }),
    lines({
      title: 'Not run, or not again',
      about: 'Repeats that were recognised, and jobs that were over before they ran, by reason.',
      unit: 'ops',
      queries: [
        {
          expr: `sum by (reason) (rate(esteira_skips_total{${ofType}}[$__rate_interval]))`,
          legend: '{{reason}}',
        },
      ],
    }),
  ],
};

const budget: Row = {
  title: 'The objective',
  height: 8,
  panels: [
    lines({
      title: 'Part of jobs that die, by window',
      about: 'The worst job type of each window. Dashed: what the objective allows.',
      unit: 'percentunit',
      queries: ['5m', '1h', '6h', '1d', '3d'].map((window) => ({
        expr: `max(job_type:esteira_dead:ratio${window}{${ofType}})`,
        legend: window,
      })),
      thresholds: [[0.001, 'red']],
    }),
    lines({
      title: 'Part of starts that are late, by window',
      about: 'The worst queue of each window.',
      unit: 'percentunit',
      queries: ['5m', '1h', '6h', '1d', '3d'].map((window) => ({
        expr: `max(queue:esteira_late_starts:ratio${window}{${ofApp}})`,
        legend: window,
      })),
      thresholds: [[0.01, 'red']],
    }),
  ],
};

/** What died, of what, and how it gets back. */
export const deadLetters: Board = {
  uid: 'dead-letters',
  title: 'Dead letters and replay',
  about: 'What died, of what, since when, and how far its replay is.',
  choices: jobChoices,
  rows: [now, why, stock, budget],
};
