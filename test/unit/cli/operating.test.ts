import { writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { memoryFaults } from '../../../src/broker/memory/index.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { makeCommandLine } from './command-line.ts';

const why = ['--reason', 'the provider asked us to'];

const applied = async () => {
  const line = makeCommandLine();
  expect((await line.run(['topics', 'apply'])).code).toBe(0);
  return line;
};

/** An environment in which this user is who is said. */
const known = async (name: string, roles: readonly string[]): Promise<Record<string, string>> => {
  const folder = temporaryFolder('operators');
  const file = join(folder, 'operators.json');
  await writeFile(file, JSON.stringify({ operators: { [userInfo().username]: { name, roles } } }));
  return { ESTEIRA_OPERATORS_FILE: file };
};

describe('esteira pause, resume and control list', () => {
  test('a pause is a dry run at first; then it is in force, with who and why; then it goes on', async () => {
    const { run } = await applied();
    const ana = await known('ana', ['operator']);
    const dry = await run(['pause', 'queue', 'default', ...why], ana);
    expect(dry).toMatchObject({ code: 0, err: '' });
    expect(dry.out).toMatch(/^would set {2}pause\/queue\/default {2}queue default: nothing of it starts/);
    expect(dry.out).toContain('Nothing was changed: add --run to do it.');
    expect((await run(['control', 'list'])).out).toBe('0 rules are in force.');

    expect((await run(['pause', 'queue', 'default', ...why, '--run'], ana)).out).toMatch(/^set {2}pause/);
    const listed = (await run(['control', 'list'])).out;
    expect(listed).toMatch(/queue default is paused.*ago\).*ana.*the provider asked us to/);
    expect(listed).toContain('1 rule is in force.');
    expect((await run(['queues', 'list'])).out).toContain('send-receipt is paused by ana');

    expect((await run(['resume', 'queue', 'default', ...why, '--run'], ana)).out).toMatch(/^cleared/);
    expect(JSON.parse((await run(['control', 'list', '--json'])).out)).toEqual({ rules: [] });
  });

  test('what is not the app’s is refused (3); what nobody paused is left alone (0)', async () => {
    const { run } = await applied();
    const ana = await known('ana', ['operator']);
    expect(await run(['pause', 'type', 'send-reciept', ...why, '--run'], ana)).toMatchObject({
      code: 3,
      out: expect.stringContaining('it has send-receipt, make-report'),
    });
    expect(await run(['resume', 'tenant', 'acme', ...why, '--run'], ana)).toMatchObject({
      code: 0,
      out: expect.stringContaining('unchanged'),
    });
  });
});

describe('who may', () => {
  const pause = ['pause', 'type', 'send-receipt', ...why, '--run'];

  test('a viewer may not (3)', async () => {
    const { run } = await applied();
    const refused = await run(pause, await known('vera', ['viewer']));
    expect(refused).toMatchObject({ code: 3, err: expect.stringContaining('takes the role operator') });
  });

  test('nobody is somebody else by an option (3)', async () => {
    const { run } = await applied();
    const refused = await run([...pause, '--actor', 'bruno'], await known('ana', ['operator']));
    expect(refused).toMatchObject({ code: 3, err: expect.stringContaining('you are ana') });
  });

  test('a file that is named and not there is wrong use (2), not leave for everybody', async () => {
    const { run } = await applied();
    expect((await run(pause, { ESTEIRA_OPERATORS_FILE: '/nowhere.json' })).code).toBe(2);
  });

  test('without a file everybody may, with a warning, under the name they give', async () => {
    const { run } = await applied();
    const done = await run([...pause, '--actor', 'ana']);
    expect(done).toMatchObject({ code: 0, err: expect.stringContaining('everybody is an operator') });
    expect((await run(['control', 'list'])).out).toContain('ana');
  });
});

describe('esteira limits', () => {
  test('are set, listed beside what the app says, and cleared', async () => {
    const { run } = await applied();
    const ana = await known('ana', ['operator']);
    expect((await run(['limits', 'list'])).out).toContain('those of the app hold');
    const set = ['limits', 'set', 'default', '--concurrency', '2', ...why, '--run'];
    expect((await run(set, ana)).out).toMatch(/^set {2}limit\/queue\/default/);
    expect((await run(['limits', 'list'])).out).toMatch(/default +- +concurrency 2 /);
    expect((await run(['limits', 'clear', 'default', ...why, '--run'], ana)).out).toMatch(/^cleared/);
    expect((await run(['limits', 'list'])).out).toContain('those of the app hold');
  });

  test('a rate that is none is wrong use (2)', async () => {
    const { run } = await applied();
    expect((await run(['limits', 'set', 'default', '--start-rate', '5', ...why])).code).toBe(2);
  });
});

describe('esteira jobs cancel and queues purge', () => {
  test('a job nobody has heard of is refused (3)', async () => {
    const { run } = await applied();
    const refused = await run(['jobs', 'cancel', 'no-such-job', ...why], await known('ana', ['operator']));
    expect(refused).toMatchObject({ code: 3, out: expect.stringContaining('it was not found') });
  });

  test('a purge counts first, for each job type', async () => {
    const { run } = await applied();
    const dry = await run(['queues', 'purge', 'default', ...why], await known('ana', ['operator']));
    expect(dry.code).toBe(0);
    expect(dry.out).toMatch(/would set {2}purge\/send-receipt.*about 0 records/);
    expect(dry.out).toMatch(/would set {2}purge\/make-report/);
  });
});

describe('esteira keys unblock and skip', () => {
  // They took --yes, where every other command takes --run: who was used to the others got a dry run, or none.
  test.each(['unblock', 'skip'])('%s takes no --yes any more (2), and names --run', async (kind) => {
    const { run } = await applied();
    const asked = ['keys', kind, 'make-report', '--tenant', 'acme', '--key', 'k', ...why, '--yes'];
    expect(await run(asked)).toMatchObject({ code: 2, err: expect.stringContaining('--run') });
    expect((await run(['keys', kind, '--help'])).out).not.toContain('--yes');
  });
});

describe('esteira jobs dispatch and events publish', () => {
  const dispatch = [
    'jobs',
    'dispatch',
    'make-report',
    '--tenant',
    'acme',
    '--payload',
    '{"month":"2026-10"}',
  ];
  const publish = ['events', 'publish', 'shop.Paid', '--tenant', 'acme', '--payload', '{"paymentId":"p"}'];

  test.each([
    ['jobs.dispatch', dispatch, 'shop.job.make-report'],
    ['events.publish', publish, 'shop.events'],
  ] as const)('%s is audited first, and refused (3) when it cannot be', async (action, args, topic) => {
    const line = await applied();
    const ana = await known('ana', ['operator']);
    expect(await line.run([...args, '--reason', 'lost in an outage'], ana)).toMatchObject({
      code: 0,
      err: '',
    });
    const { broker, close } = line.open();
    const [audit] = await broker.admin.offsetRanges('shop.audit');
    expect(audit?.high).toBe(1n);
    const keys: string[] = [];
    const wanted = { topic: 'shop.audit', partition: 0, from: 0n, to: 1n };
    await broker.admin.read(wanted, ({ key, value }) => {
      keys.push(String(key));
      return value?.includes(action) === true && value.includes('lost in an outage');
    });
    expect(keys).toEqual(['ana']);
    memoryFaults(line.cluster).failSends('shop.audit');
    expect(await line.run(args, ana)).toMatchObject({
      ...{ code: 3, err: expect.stringContaining('ESTEIRA_AUDIT_UNAVAILABLE') },
    });
    expect((await broker.admin.offsetRanges(topic))[0]?.high).toBe(1n);
    await close();
  });
});
