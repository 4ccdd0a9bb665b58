import { describe, expect, test } from 'vitest';
import { manual } from '../../../src/cli/manual/pages.ts';
import { contextHeaders, type JobHeaders, withJobHeaders } from '../../../src/core/envelope.ts';
import { documentedJson } from '../../support/documented-json.ts';
import { ROOT } from '../../support/source-files.ts';
import { makeCommandLine } from './command-line.ts';

const JOB_ID = '5f0c3a52-7d11-5b0e-9a53-0c4b7d2f9e11';
const headers: JobHeaders = {
  ...{ id: JOB_ID, type: 'send-receipt', attempt: 1, starts: 1, hop: 0, replayCount: 0 },
  deadReason: 'unrecoverable',
  error: { code: 'E404', class: 'unrecoverable', message: 'no such receipt', fingerprint: 'f' },
};

/** A shop with a dead letter, a plan for it, a paused queue and a limit. */
const makeBusyShop = async () => {
  const line = makeCommandLine();
  const why = ['--reason', 'a test', '--actor', 'ana'];
  await line.run(['topics', 'apply']);
  const { broker, close } = line.open();
  const producer = await broker.createProducer();
  const context = contextHeaders({ eventId: 'e', eventType: 'shop.Paid', source: 's', tenant: 'acme' });
  await producer.send({
    topic: 'shop.dlq.send-receipt',
    ...{ key: Buffer.from('acme'), value: Buffer.from('not avro') },
    headers: withJobHeaders(context, headers),
  });
  await close();
  const planned = await line.run(['replay', 'plan', '--job-type', 'send-receipt', ...why, '--json']);
  await line.run(['pause', 'queue', 'default', ...why, '--run']);
  await line.run(['limits', 'set', 'default', '--concurrency', '2', ...why, '--run']);
  return { ...line, why, planned, planId: String(JSON.parse(planned.out).planId) };
};

const hold = (path: string, out: string): void => {
  expect(manual[path]?.json).toBeDefined();
  documentedJson(path.split(' '), out);
};

describe('what a command prints with --json is what its schema says', () => {
  test('while there is something to tell', async () => {
    const { run, planId, why } = await makeBusyShop();
    const looks: readonly (readonly [string, readonly string[]])[] = [
      ['topics plan', []],
      ['dlq list', []],
      ['dlq show', ['shop.dlq.send-receipt/0/0', '--raw', ...why]],
      ['dlq stats', []],
      ['replay review', [planId]],
      ['replay status', [planId]],
      ['replay result', [planId]],
      ['replay list', []],
      ['queues list', []],
      ['limits list', []],
      ['control list', []],
      ['jobs why', [JOB_ID]],
      ['jobs show', [JOB_ID]],
      ['doctor', []],
      ['compliance', []],
    ];
    for (const [path, args] of looks) {
      const { out, err } = await run([...path.split(' '), ...args, '--json']);
      expect([path, err]).toEqual([path, '']);
      hold(path, out);
    }
  });

  test('also of commands that change something', async () => {
    const { run, why, planned, planId } = await makeBusyShop();
    hold('replay plan', planned.out);
    const changes: readonly (readonly [string, readonly string[]])[] = [
      ['resume queue', ['default', ...why]],
      ['limits clear', ['default', ...why, '--run']],
      ['queues purge', ['default', ...why]],
      ['jobs cancel', [JOB_ID, ...why]],
      ['replay pause', [planId, ...why]],
      ['dlq replay', ['shop.dlq.send-receipt/0/0', ...why]],
      ['topics apply', []],
      [
        'jobs dispatch',
        ['make-report', '--tenant', 'acme', '--payload', '{"month":"2026-10"}', '--delay', '10m'],
      ],
      ['events publish', ['shop.Paid', '--tenant', 'acme', '--payload', '{"paymentId":"p"}']],
      ['window plan', ['--job-type', 'send-receipt', '--last', '1h', ...why]],
    ];
    for (const [path, args] of changes) hold(path, (await run([...path.split(' '), ...args, '--json'])).out);
  });

  test('of the schemas of this project', async () => {
    const { run } = makeCommandLine({ cwd: ROOT });
    hold('schemas check', (await run(['schemas', 'check', '--offline', '--json'])).out);
    hold('schemas generate', (await run(['schemas', 'generate', '--check', '--json'])).out);
  });

  test('of a plan with every kind of change', async () => {
    const { run, open } = await makeBusyShop();
    const { admin } = open().broker;
    await admin.alterTopicConfig('shop.audit', { 'retention.ms': '1' });
    await admin.createTopics([{ topic: 'shop.retry.5s', partitions: 1, replicationFactor: 1, config: {} }]);
    await admin.setCommittedOffsets('shop.relay.1s', [
      { topic: 'shop.retry.1s', partition: 0, offset: 9n, metadata: '' },
    ]);
    await admin.growTopic('shop.unroutable', 2);
    const { out } = await run(['topics', 'plan', '--drop-orphans', '--json']);
    hold('topics plan', out);
    const plan = JSON.parse(out);
    for (const part of ['alter', 'outOfRange', 'orphans', 'drop', 'refused'])
      expect(plan[part]).toHaveLength(1);
  });
});
