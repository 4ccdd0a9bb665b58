import { businessChoices, ofApp, ofPlace } from './choices.ts';
import { type Board, lines, type Row, stat, table } from './panel.ts';

const RECORDS = `esteira_business_records_total{${ofPlace}}`;
const BAD = (status: string) => `esteira_business_records_total{${ofPlace}, status="${status}"}`;

/** The part of records that were judged so, by these labels; no line where there were no records. */
const part = (status: string, by: string, window: string): string =>
  `sum by (${by}) (rate(${BAD(status)}[${window}])) / (sum by (${by}) (rate(${RECORDS}[${window}])) > 0)`;

const today: Row = {
  title: 'Quality now',
  height: 4,
  panels: [
    stat({
      title: 'Records a second',
      about: 'Judged by completed jobs.',
      unit: 'recps',
      expr: `sum(rate(${RECORDS}[$__rate_interval]))`,
    }),
    stat({
      title: 'Records in a day',
      about: 'Judged by completed jobs.',
      unit: 'short',
      expr: `sum(increase(${RECORDS}[1d]))`,
    }),
    stat({
      title: 'With errors',
      about: 'Part of all records, in 15 minutes.',
      unit: 'percentunit',
      expr: `sum(rate(${BAD('error')}[15m])) / (sum(rate(${RECORDS}[15m])) > 0)`,
      thresholds: [
        [0.05, 'orange'],
        [0.2, 'red'],
      ],
    }),
    stat({
      title: 'With warnings',
      about: 'Part of all records, in 15 minutes.',
      unit: 'percentunit',
      expr: `sum(rate(${BAD('warning')}[15m])) / (sum(rate(${RECORDS}[15m])) > 0)`,
      thresholds: [[0.2, 'yellow']],
    }),
  ],
};

const marketplaces: Row = {
  title: 'By marketplace',
  height: 9,
  panels: [
    lines({
      title: 'Records with errors',
      about: 'Part of the marketplace’s records. A step up at one alone: its rules changed, or its feed.',
      unit: 'percentunit',
      queries: [{ expr: part('error', 'marketplace', '15m'), legend: '{{marketplace}}' }],
    }),
    lines({
      title: 'Against what is usual',
      about: 'Errors now over those of the day before. Above 3 a ticket is made.',
      unit: 'short',
      queries: [
        {
          expr: `max by (marketplace) (marketplace:esteira_business_errors:ratio15m{${ofApp}, marketplace=~"$marketplace"} / (marketplace:esteira_business_errors:usual{${ofApp}} > 0))`,
          legend: '{{marketplace}}',
        },
      ],
      thresholds: [[3, 'red']],
    }),
    table({
      title: 'In a day',
      about: 'Fields and sellers: esteira telemetry query.',
      by: { marketplace: 'Marketplace' },
      columns: [
        { title: 'Records', expr: `sum by (marketplace) (increase(${RECORDS}[1d]))`, unit: 'short' },
        {
          title: 'Errors',
          expr: part('error', 'marketplace', '1d'),
          unit: 'percentunit',
          thresholds: [
            [0.05, 'orange'],
            [0.2, 'red'],
          ],
        },
        { title: 'Warnings', expr: part('warning', 'marketplace', '1d'), unit: 'percentunit' },
      ],
    }),
  ],
};

const places: Row = {
  title: 'By category and region',
  height: 8,
  panels: [
    lines({
      title: 'Records by how they were judged',
      about: 'Records a second, of the chosen places.',
      unit: 'recps',
      stacked: true,
      queries: [{ expr: `sum by (status) (rate(${RECORDS}[$__rate_interval]))`, legend: '{{status}}' }],
      colours: { valid: 'green', warning: 'yellow', error: 'red' },
    }),
    lines({
      title: 'Records with errors by category',
      about: 'Part of the category’s records.',
      unit: 'percentunit',
      queries: [{ expr: part('error', 'category', '15m'), legend: '{{category}}' }],
    }),
    lines({
      title: 'Records with errors by region',
      about: 'Part of the region’s records.',
      unit: 'percentunit',
      queries: [{ expr: part('error', 'region', '15m'), legend: '{{region}}' }],
    }),
  ],
};

/** The quality of what is worked, for those whose business it is. */
export const business: Board = {
  uid: 'business',
  title: 'Business',
  about: 'Quality of records by marketplace, category and region. Figures to bill by are in the projection.',
  choices: businessChoices,
  rows: [today, marketplaces, places],
};
