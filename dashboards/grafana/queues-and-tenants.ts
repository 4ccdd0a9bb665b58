import { jobChoices, ofApp, ofQueue, ofType } from './choices.ts';
import { type Board, lines, type Row } from './panel.ts';

const queues: Row = {
  title: 'Queues',
  height: 8,
  panels: [
    lines({
      title: 'In flight, of the places there are',
      about:
        'At 100 % the queue is full: what comes waits. More processes, or esteira limits set QUEUE --concurrency.',
      unit: 'percentunit',
      queries: [
        {
          expr: `sum by (queue) (esteira_jobs_in_flight{${ofQueue}}) / sum by (queue) (esteira_queue_concurrency{${ofQueue}})`,
          legend: '{{queue}}',
        },
      ],
      thresholds: [[1, 'orange']],
    }),
    lines({
      title: 'Wait from due to start, 95 %',
      about: 'By queue. The objective: 99 % within 30 s.',
      unit: 's',
      queries: [
        {
          expr: `histogram_quantile(0.95, sum by (le, queue) (rate(job_queue_wait_seconds_bucket{${ofQueue}}[$__rate_interval])))`,
          legend: '{{queue}}',
        },
      ],
      thresholds: [[30, 'red']],
    }),
    lines({
      title: 'Oldest waiting',
      about: 'By queue. It climbs by a second a second: nothing of it is settled at all.',
      unit: 's',
      queries: [{ expr: `max by (queue) (esteira_oldest_waiting_seconds{${ofQueue}})`, legend: '{{queue}}' }],
      thresholds: [[900, 'red']],
    }),
    lines({
      title: 'Behind by topic',
      about: 'Records not yet settled, of event topics, inboxes and waiting topics.',
      unit: 'short',
      queries: [{ expr: `sum by (topic) (esteira_consumer_lag_records{${ofType}})`, legend: '{{topic}}' }],
    }),
  ],
};

const order: Row = {
  title: 'Order: keys that wait',
  height: 7,
  panels: [
    lines({
      title: 'Keys that wait behind their head',
      about: 'Which, and why: esteira keys list TYPE.',
      unit: 'short',
      queries: [
        { expr: `sum by (job_type) (esteira_key_sequences_waiting{${ofType}})`, legend: '{{job_type}}' },
      ],
    }),
    lines({
      title: 'Longest wait of a key',
      about: 'Above 30 min a ticket is made.',
      unit: 's',
      queries: [
        { expr: `max by (job_type) (esteira_key_oldest_waiting_seconds{${ofType}})`, legend: '{{job_type}}' },
      ],
      thresholds: [[1_800, 'red']],
    }),
    lines({
      title: 'Suspended for',
      about: 'How long starts are stopped already. By what: esteira queues list, esteira doctor.',
      unit: 's',
      queries: [{ expr: `max by (job_type) (esteira_suspended_seconds{${ofType}})`, legend: '{{job_type}}' }],
      thresholds: [[900, 'red']],
    }),
  ],
};

const retries: Row = {
  title: 'Retries and delays',
  height: 8,
  panels: [
    lines({
      title: 'Retries by tier',
      about: 'Failed attempts that another follows, by where they wait.',
      unit: 'ops',
      stacked: true,
      queries: [
        {
          expr: `sum by (tier) (rate(esteira_retries_total{${ofType}}[$__rate_interval]))`,
          legend: '{{tier}}',
        },
      ],
    }),
    lines({
      title: 'Forwarded later than due, 95 %',
      about: 'From when a record was due to its forwarding by the relay.',
      unit: 's',
      queries: [
        {
          expr: `histogram_quantile(0.95, sum by (le, tier) (rate(esteira_lateness_seconds_bucket{${ofApp}}[$__rate_interval])))`,
          legend: '{{tier}}',
        },
      ],
    }),
    lines({
      title: 'Waiting on tiers',
      about: 'Records that relays have not forwarded yet; most of them are not due.',
      unit: 'short',
      stacked: true,
      queries: [{ expr: `sum by (tier) (esteira_relay_lag_records{${ofApp}})`, legend: '{{tier}}' }],
    }),
    lines({
      title: 'Overdue on tiers',
      about: 'How late the oldest due record is. It climbs: no relay runs, or it cannot write.',
      unit: 's',
      queries: [{ expr: `max by (tier) (esteira_relay_late_seconds{${ofApp}})`, legend: '{{tier}}' }],
      thresholds: [[60, 'red']],
    }),
  ],
};

const claims: Row = {
  title: 'Claims',
  height: 7,
  panels: [
    lines({
      title: 'Claims by answer',
      about: 'run: it starts. done: a repeat, not run. running: another process has it. park: its key waits.',
      unit: 'ops',
      stacked: true,
      queries: [
        {
          expr: `sum by (result) (rate(esteira_claims_total{${ofType}}[$__rate_interval]))`,
          legend: '{{result}}',
        },
      ],
      colours: { run: 'green', done: 'blue', running: 'yellow', park: 'purple', dead: 'red' },
    }),
    lines({
      title: 'Claims lost while running',
      about: 'Each starts again elsewhere: blocked event loops, frozen processes, a slow Redis.',
      unit: 'ops',
      queries: [
        {
          expr: `sum by (job_type) (rate(esteira_lease_losses_total{${ofType}}[$__rate_interval]))`,
          legend: '{{job_type}}',
        },
      ],
    }),
  ],
};

const tenants: Row = {
  title: 'Tenants',
  height: 8,
  panels: [
    lines({
      title: 'Completed by tier of tenants',
      about: 'Which tier a tenant has is said by the app; a dash is none.',
      unit: 'ops',
      stacked: true,
      queries: [
        {
          expr: `sum by (tier) (rate(esteira_tenant_tier_jobs_total{${ofApp}}[$__rate_interval]))`,
          legend: '{{tier}}',
        },
      ],
    }),
    lines({
      title: 'Tenants with the most jobs',
      about: 'Only these few have a number of their own. All of them: esteira telemetry query.',
      unit: 'ops',
      queries: [
        {
          expr: `topk(10, sum by (tenant) (rate(esteira_top_tenant_jobs_total{${ofApp}}[$__rate_interval])))`,
          legend: '{{tenant}}',
        },
      ],
    }),
  ],
};

/** Why something waits, and for whom. */
export const queuesAndTenants: Board = {
  uid: 'queues',
  title: 'Queues and tenants',
  about: 'Why something waits: full queues, keys behind their head, suspensions, tiers, floods.',
  choices: jobChoices,
  rows: [queues, order, retries, claims, tenants],
};
