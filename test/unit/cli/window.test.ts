import { describe, expect, it } from 'vitest';
import { contextHeaders } from '../../../src/core/envelope.ts';
import { makeCommandLine } from './command-line.ts';

type Line = ReturnType<typeof makeCommandLine>;

const WHY = ['--reason', 'the rule was wrong'];
const NEVER = new Promise<void>(() => undefined);

/** A shop with three events that its job type has passed; the second is of another type. */
const shopWithEvents = async (): Promise<Line> => {
  const line = makeCommandLine({ columns: 160, stop: NEVER });
  await line.run(['topics', 'apply']);
  const { broker, close } = line.open();
  const producer = await broker.createProducer();
  for (const [index, type] of ['shop.Paid', 'shop.Refunded', 'shop.Paid'].entries())
    await producer.send({
      ...{ topic: 'shop.events', partition: 0, key: Buffer.from('acme'), value: Buffer.from('poison') },
      headers: contextHeaders({ eventId: `e-${index}`, eventType: type, source: 'till', tenant: 'acme' }),
    });
  const passed = { topic: 'shop.events', partition: 0, offset: 3n, metadata: '' };
  await broker.admin.setCommittedOffsets('shop.job.send-receipt', [passed]);
  await close();
  return line;
};

const plan = (line: Line, ...options: readonly string[]) =>
  line.run(['window', 'plan', '--job-type', 'send-receipt', ...WHY, ...options]);

describe('esteira window', () => {
  it('plans what esteira replay then reviews, runs and lists', async () => {
    const line = await shopWithEvents();
    const made = await plan(line, '--last', '1h');
    expect(made).toMatchObject({ code: 0, out: expect.stringContaining('3 on shop.events') });
    const id = /esteira replay review (\w+)/.exec(made.out)?.[1] ?? '';
    const review = await line.run(['replay', 'review', id]);
    expect(review.out).toMatch(/its own +2 records are for the job type\ntenant +acme 2\nschema +no frame 2/);
    expect(review.out).toMatch(/2 +no longer decodes[^\n]*BAD_MAGIC_BYTE/);
    expect(review.out).toMatch(/1 +nothing to this job type +shop\.events\/0\/1/);
    const run = await line.run(['replay', 'run', id, ...WHY, '--undecodable']);
    expect(run).toMatchObject({ code: 0, out: 'finished. 3 of 3 records: 2 replayed, 1 other.' });
    expect((await line.run(['replay', 'status', id])).out).toMatch(/ledger +3 of 3: 2 replayed, 1 other/);
    const result = await line.run(['replay', 'result', id]);
    expect(result.out).toMatch(
      /shop\.events\/0\/0 +replayed +[0-9a-f-]{36} +acme +shop\.job\.send-receipt\/0\/0/,
    );
    expect(result.out).toMatch(/\n2 records\.$/);
    expect((await line.run(['replay', 'result', id, '--only', 'other'])).out).toMatch(/\n1 record\.$/);
    expect((await line.run(['replay', 'list'])).out).toMatch(/finished +3\/3[\s\S]*1 plan\./);
  });

  it('tells programs the same', async () => {
    const line = await shopWithEvents();
    const made = JSON.parse((await plan(line, '--from-offset', '0:1', '--to-offset', '0:3', '--json')).out);
    expect(made).toMatchObject({ kind: 'window.plan', total: 2, window: { force: false, missing: [] } });
    const review = JSON.parse((await line.run(['replay', 'review', made.planId, '--json'])).out);
    expect(review).toMatchObject({ counts: { tenant: { acme: 1 }, schema: { 'no frame': 1 } } });
    expect(JSON.parse((await line.run(['replay', 'status', made.planId, '--json'])).out)).toMatchObject({
      ...{ of: 'window', state: 'planned' },
    });
  });

  it('says what is missing from its beginning', async () => {
    const line = await shopWithEvents();
    line.cluster.topic('shop.events').log(0).deleteBefore(2);
    const made = await plan(line, '--from', '2026-01-01T00:00Z');
    expect(made.out).toMatch(
      /missing from its beginning: offsets 0 to 1 of shop\.events\/0 are gone; it begins at 20\d\d-/,
    );
  });

  it('of what is done waits for a second person: 3', async () => {
    const line = await shopWithEvents();
    const made = JSON.parse((await plan(line, '--last', '1h', '--force', '--json')).out);
    expect((await line.run(['replay', 'review', made.planId])).out).toContain(
      'It runs again what is done: a second person has to agree: esteira replay approve',
    );
    const run = await line.run(['replay', 'run', made.planId, ...WHY]);
    expect(run).toMatchObject({ code: 3, err: expect.stringContaining('it runs again what is done') });
  });

  it.each([
    ['no window', [], 2],
    ['two ways at once', ['--last', '1h', '--from', '2h'], 2],
    ['an end without a beginning', ['--to', '1h'], 2],
    ['an offset behind no partition', ['--from-offset', '12'], 2],
    ['a partition twice', ['--from-offset', '0:1', '--from-offset', '0:2'], 2],
    ['an end of a partition that has no beginning', ['--from-offset', '0:1', '--to-offset', '1:2'], 2],
    ['a topic it does not listen to', ['--last', '1h', '--topic', 'other.events'], 2],
    ['an end that is to come', ['--from', '2026-01-01', '--to', '2126-01-01'], 3],
  ])('refuses %s', async (_, options, code) => {
    const line = await shopWithEvents();
    expect((await plan(line, ...options)).code).toBe(code);
  });
});
