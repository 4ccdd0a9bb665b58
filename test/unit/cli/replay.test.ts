import { describe, expect, it } from 'vitest';
import { contextHeaders, type JobHeaders, withJobHeaders } from '../../../src/core/envelope.ts';
import { makeCommandLine } from './command-line.ts';

type Line = ReturnType<typeof makeCommandLine>;

const INBOX = 'shop.job.send-receipt';
const NEVER = new Promise<void>(() => undefined);

const deadJob = (index: number): JobHeaders => ({
  ...{
    id: `job-${index}`,
    type: 'send-receipt',
    attempt: 3,
    starts: 3,
    hop: 2,
    origin: `shop.events/0/${index}`,
  },
  ...{ deadReason: 'unrecoverable', replayCount: 0 },
});

const context = contextHeaders({ eventType: 'shop.Paid', tenant: 'acme' });

/** A shop with three dead letters that no longer decode. */
const shopWithLetters = async (stop: Promise<void> = NEVER): Promise<Line> => {
  const line = makeCommandLine({ columns: 140, stop });
  await line.run(['topics', 'apply']);
  const { broker, close } = line.open();
  const producer = await broker.createProducer();
  for (const index of [0, 1, 2])
    await producer.send({
      ...{
        topic: 'shop.dlq.send-receipt',
        partition: 0,
        key: Buffer.from('acme'),
        value: Buffer.from('poison'),
      },
      headers: withJobHeaders(context, deadJob(index)),
    });
  await close();
  return line;
};

const plan = async (line: Line): Promise<string> => {
  const { out } = await line.run([
    'replay',
    'plan',
    '--job-type',
    'send-receipt',
    '--reason',
    'mended',
    '--json',
  ]);
  return JSON.parse(out).planId;
};

const inboxSize = async ({ open }: Line): Promise<number> => {
  const { broker, close } = open();
  const ranges = await broker.admin.offsetRanges(INBOX);
  await close();
  return ranges.reduce((sum, { low, high }) => sum + Number(high - low), 0);
};

describe('esteira replay', () => {
  it('goes from a plan through its review and its run to the result of each record', async () => {
    const line = await shopWithLetters();
    const made = await line.run(['replay', 'plan', '--job-type', 'send-receipt', '--reason', 'mended']);
    expect(made).toMatchObject({ code: 0, out: expect.stringContaining('3 on shop.dlq.send-receipt') });
    const id = /esteira replay review (\w+)/.exec(made.out)?.[1] ?? '';
    const review = await line.run(['replay', 'review', id]);
    expect(review.out).toMatch(/3 +no longer decodes.*BAD_MAGIC_BYTE/);
    expect(await inboxSize(line)).toBe(0);
    const run = await line.run(['replay', 'run', id, '--reason', 'go', '--undecodable']);
    expect(run).toMatchObject({ code: 0, out: 'finished. 3 of 3 records: 3 replayed.' });
    expect(await inboxSize(line)).toBe(3);
    expect((await line.run(['replay', 'status', id])).out).toMatch(
      /state +finished[\s\S]*ledger +3 of 3: 3 replayed/,
    );
    const result = await line.run(['replay', 'result', id]);
    expect(result.out).toMatch(
      /shop\.dlq\.send-receipt\/0\/0 +replayed +job-0 +acme +shop\.job\.send-receipt\/\d\/0 +-/,
    );
    expect((await line.run(['replay', 'list'])).out).toMatch(/finished +3\/3[\s\S]*1 plan\./);
  });

  it('tells programs the same', async () => {
    const line = await shopWithLetters();
    const id = await plan(line);
    const json = async (...args: readonly string[]) => JSON.parse((await line.run([...args, '--json'])).out);
    expect(await json('replay', 'review', id)).toMatchObject({
      planId: id,
      review: [{ verdict: 'undecodable', count: 3 }],
    });
    expect(await json('replay', 'run', id, '--reason', 'go')).toMatchObject({
      state: 'finished',
      counts: { undecodable: 3 },
    });
    expect(await json('replay', 'status', id)).toMatchObject({ planId: id, state: 'finished', jobs: {} });
    expect((await json('replay', 'result', id, '--only', 'undecodable')).records).toHaveLength(3);
    expect((await json('replay', 'result', id, '--only', 'replayed')).records).toEqual([]);
    expect((await json('replay', 'list')).plans).toHaveLength(1);
  });

  it('pauses, cancels and refuses: 3 for what a guard says no to, 2 for a plan there is not', async () => {
    const line = await shopWithLetters();
    const id = await plan(line);
    expect((await line.run(['replay', 'pause', id, '--reason', 'lunch'])).out).toMatch(
      /why +paused by [^\n]+: lunch/,
    );
    expect((await line.run(['replay', 'run', id, '--reason', 'go'])).code).toBe(3);
    expect((await line.run(['replay', 'approve', id, '--reason', 'fine'])).code).toBe(3);
    expect((await line.run(['replay', 'cancel', id, '--reason', 'no'])).out).toMatch(/state +cancelled/);
    expect((await line.run(['replay', 'resume', id, '--reason', 'go'])).code).toBe(3);
    expect((await line.run(['replay', 'status', 'nonsense'])).code).toBe(2);
    expect(await inboxSize(line)).toBe(0);
  });

  it('ends with 1 when it is asked to stop, and says how to go on', async () => {
    const line = await shopWithLetters(Promise.resolve());
    const run = await line.run(['replay', 'run', await plan(line), '--reason', 'go']);
    expect(run).toMatchObject({ code: 1, out: expect.stringContaining('Go on: esteira replay resume') });
  });
});
