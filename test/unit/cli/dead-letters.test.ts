import { readdir, readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { memoryFaults } from '../../../src/broker/memory/index.ts';
import { contextHeaders, type JobHeaders, withJobHeaders } from '../../../src/core/envelope.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { makeCommandLine } from './command-line.ts';

type Line = ReturnType<typeof makeCommandLine>;

const NEVER = new Promise<void>(() => undefined);
const DLQ = 'shop.dlq.make-report';
const why = ['--reason', 'INC-311'];

const deadJob = (id: string): JobHeaders => ({
  ...{ id, type: 'make-report', attempt: 3, starts: 3, hop: 2, deadReason: 'unrecoverable', replayCount: 0 },
  error: { code: 'E404', class: 'unrecoverable', message: 'no such month', fingerprint: 'f' },
});

/** A shop with so many dead letters of reports, on its one partition. */
const shopWithLetters = async (
  count: number,
  options: Parameters<typeof makeCommandLine>[0] = {},
): Promise<Line> => {
  const line = makeCommandLine({ columns: 160, stop: NEVER, ...options });
  await line.run(['topics', 'apply']);
  const { broker, close } = line.open();
  const producer = await broker.createProducer();
  const context = contextHeaders({
    eventType: 'shop.job.make-report',
    tenant: 'acme',
    eventId: 'e',
    source: 's',
  });
  for (let index = 0; index < count; index += 1)
    await producer.send({
      ...{ topic: DLQ, partition: 0, key: Buffer.from('acme'), value: Buffer.from('{"month":"2026-10"}') },
      headers: withJobHeaders(context, deadJob(`job-${index}`)),
    });
  await close();
  return line;
};

const inboxSize = async ({ open }: Line): Promise<number> => {
  const { broker, close } = open();
  const ranges = await broker.admin.offsetRanges('shop.job.make-report');
  await close();
  return ranges.reduce((sum, { high }) => sum + Number(high), 0);
};

/** An environment in which this user is who is said. */
const known = async (name: string, roles: readonly string[]): Promise<Record<string, string>> => {
  const file = join(temporaryFolder('letters'), 'operators.json');
  await writeFile(file, JSON.stringify({ operators: { [userInfo().username]: { name, roles } } }));
  return { ESTEIRA_OPERATORS_FILE: file };
};

describe('esteira dlq discard and restore', () => {
  test('are dry at first; then the letter is listed no more, and shown with who, when and why', async () => {
    const { run } = await shopWithLetters(2);
    const ana = await known('ana', ['operator']);
    const discard = ['dlq', 'discard', `${DLQ}/0/0`, ...why];
    expect(await run(discard, ana)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^1 dead letter to discard \(1 unrecoverable\)[\s\S]*add --run to do it\.$/),
    });
    expect((await run([...discard, '--run'], ana)).out).toMatch(
      /^1 dead letter discarded[\s\S]*in the audit as/,
    );
    expect((await run(['dlq', 'list'])).out).toMatch(/1 dead letter of 2 read; 1 left out[^\n]*--all/);
    expect((await run(['dlq', 'list', '--all'])).out).toMatch(
      /\/0\/0 +discarded[\s\S]*2 dead letters of 2 read\.$/,
    );
    expect((await run(['dlq', 'list', '--state', 'discarded,shelved'])).out).toMatch(
      /^POSITION[\s\S]*\/0\/0 +discarded/,
    );
    expect((await run(['dlq', 'show', `${DLQ}/0/0`])).out).toMatch(
      /state +discarded[\s\S]*what was done about it\n +\S+Z {2}discarded by ana: INC-311/,
    );
    const again = await run([...discard, '--run'], ana);
    expect(again).toMatchObject({
      code: 1,
      out: expect.stringContaining('left out for what became of them: 1 discarded'),
    });
    expect((await run(['dlq', 'restore', `${DLQ}/0/0`, ...why, '--run'], ana)).out).toMatch(
      /^1 dead letter restored/,
    );
    expect((await run(['dlq', 'list'])).out).toContain('2 dead letters of 2 read.');
  });

  test('cannot be done without the audit (3), nor by a viewer (3)', async () => {
    const line = await shopWithLetters(1);
    const discard = ['dlq', 'discard', '--job-type', 'make-report', ...why, '--run'];
    expect((await line.run(discard, await known('vera', ['viewer']))).code).toBe(3);
    memoryFaults(line.cluster).failSends('shop.audit');
    expect(await line.run(discard, await known('ana', ['operator']))).toMatchObject({
      ...{ code: 3, err: expect.stringContaining('ESTEIRA_AUDIT_UNAVAILABLE') },
    });
    expect((await line.run(['dlq', 'list'])).out).toContain('1 dead letter of 1 read.');
  });

  test('of more than a thousand is asked for (3), and done by a second person', async () => {
    const { run } = await shopWithLetters(1_001);
    const ana = await known('ana', ['operator', 'approver']);
    const asked = await run(['dlq', 'discard', '--job-type', 'make-report', ...why, '--run', '--json'], ana);
    expect([asked.code, JSON.parse(asked.out).outcome]).toEqual([3, 'asked']);
    const { deedId } = JSON.parse(asked.out);
    expect((await run(['dlq', 'stats'])).out).toContain(
      `by ana waits for a second person: esteira dlq approve ${deedId}`,
    );
    const approve = ['dlq', 'approve', deedId, '--reason', 'agreed', '--run'];
    expect((await run(approve, ana)).code).toBe(3);
    const bea = await known('bea', ['approver']);
    expect(await run(approve, bea)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^1001 dead letters discarded/),
    });
    expect((await run(['dlq', 'list'])).out).toMatch(/^0 dead letters of 1001 read; 1001 left out/);
    expect((await run(['dlq', 'show', `${DLQ}/0/1000`])).out).toContain(
      'discarded by bea (ana had asked for it): agreed',
    );
  });
});

describe('esteira dlq edit', () => {
  const position = `${DLQ}/0/0`;

  test('shows the difference, does it with --run, and tells programs the same', async () => {
    const line = await shopWithLetters(1);
    const ana = await known('ana', ['operator']);
    const edit = ['dlq', 'edit', position, '--set', 'month=2026-11', ...why];
    const dry = await line.run(edit, ana);
    expect(dry.code).toBe(0);
    expect(dry.out).toMatch(/checked +the JSON that workers read, and its check/);
    expect(dry.out).toMatch(/FIELD +BEFORE +AFTER\nmonth +"2026-10" +"2026-11"\nNothing was changed/);
    expect(await inboxSize(line)).toBe(0);
    const done = await line.run([...edit, '--run', '--json'], ana);
    expect([done.code, JSON.parse(done.out)]).toMatchObject([
      0,
      { position, edited: `${DLQ}/0/1`, replay: { outcome: 'replayed', inbox: 'shop.job.make-report/0/0' } },
    ]);
    expect((await line.run(['dlq', 'list'])).out).toMatch(/\/0\/1 +replayed[\s\S]*\/0\/0 +edited/);
    expect((await line.run(['dlq', 'show', `${DLQ}/0/1`])).out).toMatch(
      /made by an edit by ana: INC-311; it took the place of shop\.dlq\.make-report\/0\/0[\s\S]*job-edit-of: shop\.dlq\.make-report\/0\/0/,
    );
    expect((await line.run([...edit, '--run'], ana)).code).toBe(0);
    expect(await inboxSize(line)).toBe(1);
  });

  test('takes a payload from standard input or a file', async () => {
    const { run } = await shopWithLetters(1, { input: '{"month":"2026-12"}' });
    expect((await run(['dlq', 'edit', position, '--payload', '-', ...why])).out).toContain('"2026-12"');
    const missing = await run(['dlq', 'edit', position, '--payload', '@nowhere.json', ...why]);
    expect(missing).toMatchObject({ code: 2, err: expect.stringContaining('nowhere.json cannot be read') });
  });

  test.each([
    [2, ['--set', 'month'], 'path=value'],
    [2, [], 'say what to change'],
    [2, ['--set', 'month=null'], 'its check says month'],
    [2, ['--set', 'year.month=1'], 'there is no year'],
    [3, ['--set', 'month=2026-10'], 'nothing would change'],
    [3, ['--set', 'token=ghp_0123456789abcdefghijABCDEFGHIJ012345'], 'token'],
  ] as const)('ends with %i for %o', async (code, change, says) => {
    const { run } = await shopWithLetters(1);
    const { code: ended, err } = await run(['dlq', 'edit', position, ...change, ...why]);
    expect([ended, err]).toEqual([code, expect.stringContaining(says)]);
  });
});

describe('esteira dlq export', () => {
  test('writes a line a letter to standard output, and says how many to people', async () => {
    const { run } = await shopWithLetters(3);
    const { code, out, err } = await run(['dlq', 'export']);
    const lines = out.split('\n').map((line) => JSON.parse(line));
    expect([code, lines.map(({ offset }) => offset), err]).toEqual([
      0,
      ['0', '1', '2'],
      '3 dead letters exported.',
    ]);
    expect((await run(['dlq', 'export', '--to', '-', '--tenant', 'zeta'])).out).toBe('');
  });

  test('writes a file as a whole, for its owner only', async () => {
    const cwd = temporaryFolder('letters');
    const { run } = await shopWithLetters(2);
    const to = join(cwd, 'letters.ndjson');
    await writeFile(to, 'what was before');
    expect(await run(['dlq', 'export', '--to', to])).toMatchObject({ code: 0, out: '' });
    expect((await readFile(to, 'utf8')).split('\n')).toHaveLength(3);
    expect(await readdir(cwd)).toEqual(['letters.ndjson']);
    const nowhere = await run(['dlq', 'export', '--to', join(cwd, 'no', 'such', 'folder')]);
    expect(nowhere).toMatchObject({ code: 2, err: expect.stringContaining('cannot be written') });
  });

  test('leaves what was there when it is stopped', async () => {
    const cwd = temporaryFolder('letters');
    const line = await shopWithLetters(2, { stop: Promise.resolve() });
    const to = join(cwd, 'letters.ndjson');
    await writeFile(to, 'what was before');
    expect((await line.run(['dlq', 'export', '--to', to])).code).toBe(1);
    expect([await readdir(cwd), await readFile(to, 'utf8')]).toEqual([['letters.ndjson'], 'what was before']);
  });

  test('shows what is hidden only to an approver, with a reason, and audited', async () => {
    const line = await shopWithLetters(1);
    const bare = ['dlq', 'export', '--unredacted'];
    expect(await line.run(bare)).toMatchObject({ code: 2, err: expect.stringContaining('--reason') });
    const asked = [...bare, ...why];
    expect((await line.run(asked, await known('ana', ['operator']))).code).toBe(3);
    const bea = await known('bea', ['approver']);
    expect((await line.run(asked, bea)).code).toBe(0);
    memoryFaults(line.cluster).failSends('shop.audit');
    expect(await line.run(asked, bea)).toMatchObject({ code: 3, out: '' });
  });
});

describe('esteira dlq list, show and stats', () => {
  test('refuse a reason or a state that there is not, with the nearest', async () => {
    const { run } = await shopWithLetters(1);
    expect(await run(['dlq', 'list', '--dead-reason', 'atempts_exhausted'])).toMatchObject({
      ...{ code: 2, err: expect.stringContaining('did you mean attempts_exhausted') },
    });
    expect(await run(['dlq', 'list', '--state', 'shelfed'])).toMatchObject({
      ...{ code: 2, err: expect.stringContaining('did you mean shelved') },
    });
  });

  // Raw bytes hold what is hidden elsewhere, and were shown to anybody, unaudited.
  test('show raw bytes only to an approver, with a reason, and audited', async () => {
    const line = await shopWithLetters(1);
    const bare = ['dlq', 'show', `${DLQ}/0/0`, '--raw'];
    expect(await line.run(bare)).toMatchObject({ code: 2, err: expect.stringContaining('--reason') });
    const asked = [...bare, ...why];
    expect(await line.run(asked, await known('ana', ['operator']))).toMatchObject({ code: 3, out: '' });
    const bea = await known('bea', ['approver']);
    expect(await line.run(asked, bea)).toMatchObject({ code: 0, out: expect.stringContaining('raw bytes') });
    memoryFaults(line.cluster).failSends('shop.audit');
    expect(await line.run(asked, bea)).toMatchObject({ code: 3, out: '' });
    expect((await line.run(['dlq', 'show', `${DLQ}/0/0`])).out).not.toContain('raw bytes');
  });

  test('show the headers of the job', async () => {
    const { run } = await shopWithLetters(1);
    const { out } = await run(['dlq', 'show', `${DLQ}/0/0`]);
    expect(out).toMatch(/headers[\s\S]*ce_id: e[\s\S]*job-id: job-0[\s\S]*job-dead-reason: unrecoverable/);
  });

  test('count what there is to do', async () => {
    const { run } = await shopWithLetters(3);
    await run(['dlq', 'discard', `${DLQ}/0/0`, ...why, '--run']);
    const { code, out } = await run(['dlq', 'stats']);
    expect([code, out]).toMatchObject([0, expect.stringMatching(/^2 dead letters of 3 read, from /)]);
    expect(out).toContain('What became of all of them: 2 open, 1 discarded.');
    expect(out).toMatch(/LETTERS {2}DEAD REASON\n2 +unrecoverable/);
    expect(JSON.parse((await run(['dlq', 'stats', '--all', '--json'])).out)).toMatchObject({ letters: 3 });
  });
});
