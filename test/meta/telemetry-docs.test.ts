import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { JobEvent } from '../../src/core/generated/job-event.ts';
import { JOB_EVENT_TYPES } from '../../src/core/job-event.ts';
import { BUCKETS_SECONDS } from '../../src/core/spread.ts';
import { commonFacts, JOB_LINES } from '../../src/telemetry/job-log.ts';
import { ATTEMPT_STATUSES, createJobMetrics, METRIC_NAMES } from '../../src/telemetry/metrics/job-metrics.ts';
import { createMetricsRegistry } from '../../src/telemetry/metrics/registry.ts';
import { jobEvent } from '../support/job-events.ts';
import { ROOT, sourceFiles } from '../support/source-files.ts';

const page = readFileSync(join(ROOT, 'docs/reference/telemetry.md'), 'utf8');

/** A chapter of the page, up to the next one. */
const chapter = (title: string): string => page.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? '';

/** The rows of the chapter's table, heads left out, cells trimmed. */
const rows = (title: string): readonly (readonly string[])[] =>
  chapter(title)
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );

const code = (text: string): string => `\`${text}\``;
const codesIn = (text: string): readonly string[] =>
  [...text.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
const sorted = (words: Iterable<string | undefined>): readonly (string | undefined)[] => [...words].sort();

const avroType: z.ZodType<string> = z.union([
  z.string(),
  z.object({ type: z.literal('map'), values: z.string() }).transform(({ values }) => `map of ${values}`),
  z.object({ type: z.string(), logicalType: z.string() }).transform(({ logicalType }) => logicalType),
]);
const fieldType = z.union([
  avroType,
  z.tuple([z.literal('null'), avroType]).transform(([, type]) => `${type} or null`),
]);
const recordSchema = z.object({
  fields: z.array(z.object({ name: z.string(), type: fieldType, doc: z.string().optional() })),
});
const { fields } = recordSchema.parse(JobEvent.schema);

describe('docs/reference/telemetry.md', () => {
  test('has every field of the schema with its type, in order, and no other', () => {
    expect(rows('Fields').map(([field, type]) => [field, type])).toEqual(
      fields.map(({ name, type }) => [code(name), type]),
    );
  });

  test('gives every field a meaning, and every number a unit', () => {
    for (const [field, type = '', unit, meaning] of rows('Fields')) {
      expect(meaning, field).not.toBe('');
      if (/^(int|timestamp)|Ms/.test(`${type} ${field}`)) expect(unit, field).not.toBe('');
    }
  });

  test('has every type of event and no other, as has the schema', () => {
    expect(rows('Types').map(([type]) => type)).toEqual(JOB_EVENT_TYPES.map(code));
    const doc = fields.find(({ name }) => name === 'type')?.doc ?? '';
    expect(doc.match(/job\.[a-z_]+/g)).toEqual([...JOB_EVENT_TYPES]);
  });

  test('calls reserved exactly those types that nothing tells', () => {
    const tellers = sourceFiles('src').filter(
      ({ path }) => !path.startsWith('src/telemetry/') && path !== 'src/core/job-event.ts',
    );
    const untold = JOB_EVENT_TYPES.filter((type) => !tellers.some(({ text }) => text.includes(`'${type}'`)));
    const reserved = chapter('Types')
      .split('\n')
      .find((line) => line.startsWith('Reserved'));
    expect(codesIn(reserved ?? '')).toEqual(untold);
  });

  test('has every log line with its name, level and fields', () => {
    const full = jobEvent('job.failed', {
      ...{ runMs: 1, dueAt: 0, errorCode: 'E', errorMessage: 'm', reason: 'r', replayId: 'id' },
    });
    expect(
      rows('Log lines').map(([type, name, level, told = '']) => [type, name, level, codesIn(told)]),
    ).toEqual(
      JOB_EVENT_TYPES.map((type) => {
        const line = JOB_LINES[type];
        return [code(type), code(line.name), line.level, Object.keys(line.facts(full))];
      }),
    );
    const common = chapter('Log lines')
      .split('\n')
      .find((line) => line.startsWith('A job line has'));
    const fieldNames = codesIn(common ?? '').filter((word) => word !== 'tenantLogField');
    expect(fieldNames).toEqual(Object.keys(commonFacts(full, 'organizationId')));
  });

  test('has every metric with its type and labels, as they are scraped', async () => {
    const registry = createMetricsRegistry();
    const { observer } = createJobMetrics(registry.families);
    observer(jobEvent('job.started', { queueWaitMs: 1 }));
    observer(jobEvent('job.failed', { runMs: 1 }));
    observer(jobEvent('job.sent_to_dlq'));
    const text = await registry.text();
    const scraped = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => {
      const series = text.split('\n').filter((line) => line.startsWith(name));
      const labels = new Set(
        series.flatMap((line) => [...line.matchAll(/(\w+)="/g)].map(([, label]) => label)),
      );
      labels.delete('le');
      return [code(name), type, sorted(labels)];
    });
    const documented = rows('Metrics').map(([name, type, labels = '']) => [
      name,
      type,
      sorted(codesIn(labels)),
    ]);
    expect(sorted(documented.map(String))).toEqual(sorted(scraped.map(String)));
    expect(sorted(documented.map(([name]) => String(name)))).toEqual(
      sorted(Object.values(METRIC_NAMES).map(code)),
    );
  });

  test('has the statuses of attempts and the buckets of the histograms', () => {
    const attempts = rows('Metrics').find(([name]) => name === code(METRIC_NAMES.attempts))?.[3] ?? '';
    expect(sorted(new Set(codesIn(attempts)))).toEqual(sorted(ATTEMPT_STATUSES));
    const buckets = chapter('Metrics')
      .split('\n')
      .find((line) => line.startsWith('Upper bounds'));
    expect(buckets?.match(/\d+(\.\d+)?/g)?.map(Number)).toEqual([...BUCKETS_SECONDS]);
  });
});
