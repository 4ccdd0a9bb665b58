import type { Choice } from './panel.ts';

/** Which app, by the scrape job that all its processes share. */
const app: Choice = { name: 'app', label: 'App', metric: 'esteira_job_info', of: 'job' };

const queue: Choice = { name: 'queue', label: 'Queue', metric: 'esteira_job_info{job=~"$app"}' };

const jobType: Choice = {
  ...{ name: 'job_type', label: 'Job type' },
  metric: 'esteira_job_info{job=~"$app", queue=~"$queue"}',
};

/** What a reader can choose on the boards that are about jobs. */
export const jobChoices: readonly Choice[] = [app, queue, jobType];

/** What a reader can choose on the board of processes. */
export const processChoices: readonly Choice[] = [
  app,
  { name: 'instance', label: 'Process', metric: 'up{job=~"$app"}' },
];

/** What a reader can choose on the board of the business. */
export const businessChoices: readonly Choice[] = [
  app,
  ...['marketplace', 'category', 'region'].map((name) => ({
    name,
    label: name,
    metric: 'esteira_business_records_total{job=~"$app"}',
  })),
];

/** Labels of the chosen app. */
export const ofApp = 'job=~"$app"';
/** Labels of the chosen queues; only for series that have a queue. */
export const ofQueue = 'job=~"$app", queue=~"$queue"';
/** Labels of the chosen job types. */
export const ofType = 'job=~"$app", job_type=~"$job_type"';
/** Labels of the chosen processes. */
export const ofProcess = 'job=~"$app", instance=~"$instance"';
/** Labels of the chosen places of the business. */
export const ofPlace = 'job=~"$app", marketplace=~"$marketplace", category=~"$category", region=~"$region"';
