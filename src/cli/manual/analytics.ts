import { JobsList, TelemetryExport, TelemetryQuery, TelemetryTail, TelemetryViews } from '../shapes/index.ts';
import type { ManualPages } from './page.ts';

const MISSING =
  'there is no projection, or it cannot be opened; or the query took more time or memory than it may';

/** What was told of the jobs: the projection, and the topic it is made of. */
export const analytics: ManualPages = {
  'jobs list': {
    about: [
      'From the [projection](../guides/analytics.md), which an `esteira start --roles projection` keeps: the state is the one told last, as far as it has read. Where a job is right now, and why, says `jobs why`.',
    ],
    examples: [
      { run: 'esteira jobs list --state dead --since 24h', says: 'what died since yesterday' },
      {
        run: 'esteira jobs list --tenant acme --queue billing --limit 200',
        says: 'the newest of one tenant in one queue',
      },
      { run: `esteira jobs list --state running --json | jq -r '.jobs[].job_id'`, says: 'only the ids' },
    ],
    exits: { 1: MISSING },
    reads: true,
    json: JobsList,
  },
  'telemetry query': {
    about: [
      'Asks the process that keeps the [projection](../guides/analytics.md), over the socket beside its file; where none runs, the file itself is opened to be read. What it writes meanwhile is seen as of its last commit.',
      'One SELECT (DuckDB: `FROM`, `WITH`, `VALUES`, `DESCRIBE` and `SUMMARIZE` too) over `job_events` and the views. It cannot write, reach files or networks, or change settings, and ends at its time limit.',
    ],
    examples: [
      { run: 'esteira telemetry query "FROM top_errors LIMIT 10"', says: 'what fails most' },
      {
        run: `esteira telemetry query "SELECT tenant_id, currency, sum(cost) AS cost FROM costs WHERE day >= DATE '2026-10-01' GROUP BY ALL ORDER BY cost DESC" --csv`,
        says: 'what each tenant cost since a day',
      },
      {
        run: 'esteira telemetry query --file report.sql --timeout 2m --json',
        says: 'a longer one, from a file, for a program',
      },
    ],
    exits: { 1: MISSING, 3: 'the SQL would do more than read' },
    reads: true,
    json: TelemetryQuery,
  },
  'telemetry views': {
    examples: [
      { run: 'esteira telemetry views', says: 'what there is' },
      {
        run: `esteira telemetry views --json | jq '.views[] | select(.name == "costs")'`,
        says: 'the columns of one',
      },
    ],
    reads: true,
    json: TelemetryViews,
  },
  'telemetry tail': {
    about: [
      'Reads the telemetry topic itself, without a consumer group: it disturbs nobody and needs no projection. One line a step: when, what, job type, job, tenant, and what there is to say of it. A step that was told twice is shown twice. With `--tenant`, where the app keys telemetry by tenant, only that partition is read.',
    ],
    examples: [
      { run: 'esteira telemetry tail --follow', says: 'what happens now' },
      {
        run: 'esteira telemetry tail --follow --type job.failed --tenant acme',
        says: 'failures of one tenant, as they come',
      },
      {
        run: 'esteira telemetry tail --last 500 --since 6h --json | jq -r .errorCode',
        says: 'for a program, a JSON object a line',
      },
    ],
    reads: true,
    json: TelemetryTail,
  },
  'telemetry export': {
    about: [
      'Folders `day=2026-10-01/job_type=send-receipt/`, days in UTC, all fields of the events, and `partition` and `record_offset`. Days are always written whole, and take the place of what was exported of them before: the same export again changes nothing, and the newest day can be exported again tomorrow.',
    ],
    examples: [
      {
        run: 'esteira telemetry export --parquet lake/jobs --since 48h',
        says: 'the last days, again and again',
      },
      { run: 'esteira telemetry export --parquet lake/jobs', says: 'everything the projection has' },
    ],
    exits: { 1: MISSING },
    json: TelemetryExport,
  },
};
