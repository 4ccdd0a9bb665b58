import { ofProcess, processChoices } from './choices.ts';
import { type Board, lines, type Row } from './panel.ts';

const processes: Row = {
  title: 'Processes',
  height: 8,
  panels: [
    lines({
      title: 'Answers',
      about: '1: scraped with success. 0: gone, hung, or its port is shut.',
      unit: 'none',
      queries: [{ expr: `up{${ofProcess}}`, legend: '{{instance}}' }],
    }),
    lines({
      title: 'Event loop held up, 99 %',
      about: 'About 0.01 s is idle. Above 0.5 s a handler computes: give its job type `isolate`.',
      unit: 's',
      queries: [{ expr: `nodejs_eventloop_delay_p99_seconds{${ofProcess}}`, legend: '{{instance}}' }],
      thresholds: [[0.5, 'red']],
    }),
    lines({
      title: 'Event loop held up, longest',
      about: 'Since the scrape before. Above half a lease, claims are lost.',
      unit: 's',
      queries: [{ expr: `nodejs_eventloop_delay_max_seconds{${ofProcess}}`, legend: '{{instance}}' }],
    }),
    lines({
      title: 'Jobs in flight',
      about: 'By process: is the work spread?',
      unit: 'short',
      stacked: true,
      queries: [{ expr: `sum by (instance) (esteira_jobs_in_flight{${ofProcess}})`, legend: '{{instance}}' }],
    }),
  ],
};

const telling: Row = {
  title: 'Telemetry',
  height: 7,
  panels: [
    lines({
      title: 'Events that wait to be told',
      about: 'Emitter kafka: jobs wait with them. It only climbs: the telemetry topic cannot be written.',
      unit: 'short',
      queries: [
        {
          expr: `sum by (emitter, instance) (esteira_telemetry_pending_records{${ofProcess}})`,
          legend: '{{emitter}} {{instance}}',
        },
      ],
    }),
    lines({
      title: 'Events dropped',
      about: 'Beyond an emitter’s bound. What another than kafka drops is still on the telemetry topic.',
      unit: 'ops',
      queries: [
        {
          expr: `sum by (emitter, reason) (rate(esteira_telemetry_dropped_total{${ofProcess}}[$__rate_interval]))`,
          legend: '{{emitter}} {{reason}}',
        },
      ],
    }),
    lines({
      title: 'Progress reports dropped',
      about: 'Under pressure they may be: the only events that are.',
      unit: 'ops',
      queries: [
        {
          expr: `sum by (instance) (rate(esteira_progress_dropped_total{${ofProcess}}[$__rate_interval]))`,
          legend: '{{instance}}',
        },
      ],
    }),
  ],
};

const brokers: Row = {
  title: 'Brokers',
  height: 8,
  panels: [
    lines({
      title: 'Records read',
      about: 'By topic: event topics, inboxes, tiers, waiting topics.',
      unit: 'recps',
      queries: [
        {
          expr: `sum by (messaging_destination_name) (rate(messaging_client_consumed_messages_total{${ofProcess}}[$__rate_interval]))`,
          legend: '{{messaging_destination_name}}',
        },
      ],
    }),
    lines({
      title: 'Records written',
      about: 'By topic. The telemetry topic has about two for a job.',
      unit: 'recps',
      queries: [
        {
          expr: `sum by (messaging_destination_name) (rate(messaging_client_sent_messages_total{${ofProcess}}[$__rate_interval]))`,
          legend: '{{messaging_destination_name}}',
        },
      ],
    }),
    lines({
      title: 'Time of processing, 95 %',
      about: 'Of a record, by topic.',
      unit: 's',
      queries: [
        {
          expr: `histogram_quantile(0.95, sum by (le, messaging_destination_name) (rate(messaging_process_duration_seconds_bucket{${ofProcess}}[$__rate_interval])))`,
          legend: '{{messaging_destination_name}}',
        },
      ],
    }),
  ],
};

/** The processes, and what they say to others. */
export const runtime: Board = {
  uid: 'runtime',
  title: 'Runtime',
  about: 'Processes, their event loops, the telemetry they tell, the brokers they talk to.',
  choices: processChoices,
  rows: [processes, telling, brokers],
};
