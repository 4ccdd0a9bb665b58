import { expect, test } from 'vitest';
import { makeCommandLine } from './command-line.ts';

/** A shop where somebody has asked for a report for each of these tenants. */
const shopWithReports = async (...tenants: readonly string[]) => {
  const line = makeCommandLine();
  await line.run(['topics', 'apply']);
  const dispatch = ['jobs', 'dispatch', 'make-report', '--payload', '{"month":"2026-10"}', '--json'];
  const ids: string[] = [];
  for (const tenant of tenants)
    ids.push(JSON.parse((await line.run([...dispatch, '--tenant', tenant])).out).id);
  const tail = async (...args: readonly string[]) => {
    const ran = await line.run(['telemetry', 'tail', ...args]);
    return { ...ran, lines: ran.out === '' ? [] : ran.out.split('\n') };
  };
  return { ids, tail };
};

test('telemetry tail shows steps line by line, and those that are asked for alone', async () => {
  const { ids, tail } = await shopWithReports('acme', 'acme', 'umbrella');
  const all = await tail();
  expect(all.code).toBe(0);
  expect(all.lines).toHaveLength(3);
  expect(all.lines[0]).toMatch(new RegExp(`^\\S+Z +job\\.dispatched +make-report ${ids[0]} acme$`));
  expect((await tail('--tenant', 'umbrella')).lines).toEqual([all.lines[2]]);
  expect((await tail('--job', ids[1] ?? '')).lines).toEqual([all.lines[1]]);
  expect((await tail('--last', '2')).lines).toEqual(all.lines.slice(1));
  expect((await tail('--job-type', 'send-receipt')).lines).toEqual([]);
  expect((await tail('--type', 'job.started')).lines).toEqual([]);
  const [json] = (await tail('--type', 'job.dispatched', '--tenant', 'umbrella', '--json')).lines;
  expect(JSON.parse(json ?? '')).toMatchObject({
    type: 'job.dispatched',
    jobId: ids[2],
    tenantId: 'umbrella',
  });
});

test('telemetry tail --follow shows what is there and ends well when it is stopped; a type that is none is refused', async () => {
  const { tail } = await shopWithReports('acme');
  expect(await tail('--follow')).toMatchObject({
    code: 0,
    err: '',
    lines: [expect.stringContaining('acme')],
  });
  const { code, err } = await tail('--type', 'job.done');
  expect(code).toBe(2);
  expect(err).toContain('job.completed');
});
