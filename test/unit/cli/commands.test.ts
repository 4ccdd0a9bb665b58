import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  contextHeaders,
  type JobHeaders,
  parseEnvelope,
  withJobHeaders,
} from '../../../src/core/envelope.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { makeCommandLine } from './command-line.ts';

type CommandLine = ReturnType<typeof makeCommandLine>;

const applied = async (options: Parameters<typeof makeCommandLine>[0] = {}): Promise<CommandLine> => {
  const line = makeCommandLine(options);
  expect((await line.run(['topics', 'apply'])).code).toBe(0);
  return line;
};

const headers: JobHeaders = {
  id: 'job-1',
  type: 'send-receipt',
  attempt: 1,
  starts: 1,
  hop: 0,
  replayCount: 0,
  deadReason: 'unrecoverable',
  error: { code: 'E404', class: 'unrecoverable', message: 'no such \u001b[31mreceipt', fingerprint: 'f' },
};

const letDie = async (line: CommandLine, job: Partial<JobHeaders> = {}): Promise<void> => {
  const { broker, close } = line.open();
  const producer = await broker.createProducer();
  const context = contextHeaders({ eventId: 'e', eventType: 'shop.Paid', source: 's', tenant: 'acme' });
  await producer.send({
    topic: 'shop.dlq.send-receipt',
    key: Buffer.from('acme'),
    value: Buffer.from('not avro'),
    headers: withJobHeaders(context, { ...headers, ...job }),
  });
  await close();
};

const recordsOf = async (line: CommandLine, topic: string): Promise<number> => {
  const { broker, close } = line.open();
  const ranges = await broker.admin.offsetRanges(topic);
  await close();
  return ranges.reduce((sum, { high }) => sum + Number(high), 0);
};

describe('esteira dlq', () => {
  it('list shows dead letters, and tables fit the screen', async () => {
    const line = await applied({ columns: 70 });
    await letDie(line);
    const { code, out } = await line.run(['dlq', 'list']);
    expect(code).toBe(0);
    expect(out).toContain('shop.dlq.send-receipt/0/0');
    expect(out).toContain('1 dead letter of 1 read.');
    expect(Math.max(...out.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(70);
  });

  it('list takes conditions', async () => {
    const line = await applied();
    await letDie(line);
    const count = async (...args: readonly string[]) =>
      JSON.parse((await line.run(['dlq', 'list', '--json', ...args])).out).matched;
    expect(await count('--dead-reason', 'unrecoverable', '--tenant', 'acme', '--since', '1h')).toBe(1);
    expect(await count('--dead-reason', 'undecodable')).toBe(0);
    expect(await count('--until', '1h')).toBe(0);
  });

  it('list of an unknown job type is wrong use', async () => {
    const line = await applied();
    expect(await line.run(['dlq', 'list', '--job-type', 'nope'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('it has send-receipt, make-report'),
    });
  });

  it('show tells all there is, and no control character of a record reaches the terminal', async () => {
    const line = await applied();
    await letDie(line);
    const { code, out } = await line.run(['dlq', 'show', 'shop.dlq.send-receipt/0/0']);
    expect(code).toBe(0);
    expect(out).toMatch(/reason +unrecoverable/);
    expect(out).toContain('payload cannot be read: BAD_MAGIC_BYTE');
    expect(out).not.toContain('\u001b');
    expect(out).not.toContain('raw bytes');
  });

  it('replay is a dry run without --run, and then really replays', async () => {
    const line = await applied();
    await letDie(line);
    const args = ['dlq', 'replay', '--job-type', 'send-receipt', '--actor', 'ana', '--reason', 'fixed'];
    const dry = await line.run(args);
    expect(dry).toMatchObject({ code: 0, out: expect.stringContaining('Nothing was written: add --run') });
    expect(await recordsOf(line, 'shop.job.send-receipt')).toBe(0);
    const wet = await line.run([...args, '--run']);
    expect(wet).toMatchObject({ code: 0, out: expect.stringContaining('1 replayed. Replay ') });
    expect(await recordsOf(line, 'shop.job.send-receipt')).toBe(1);
    // The plan, the run, the record and the end.
    expect(await recordsOf(line, 'shop.audit')).toBe(4);
    expect(await recordsOf(line, 'shop.telemetry.jobs')).toBe(1);
  });

  it('replay of chosen positions ends with 3 when a guard refused one', async () => {
    const line = await applied();
    await letDie(line);
    await letDie(line, { id: 'job-2', type: 'make-report' });
    const { code, out } = await line.run([
      ...['dlq', 'replay', 'shop.dlq.send-receipt/0/0', 'shop.dlq.send-receipt/0/1'],
      ...['--actor', 'ana', '--reason', 'fixed', '--run', '--json'],
    ]);
    expect(code).toBe(3);
    expect(JSON.parse(out).items.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
      'replayed',
      'refused',
    ]);
    expect(await recordsOf(line, 'shop.job.make-report')).toBe(0);
  });
});

describe('esteira jobs dispatch', () => {
  it('puts a job on its inbox', async () => {
    const line = await applied();
    const { code, out } = await line.run([
      ...['jobs', 'dispatch', 'make-report', '--tenant', 'acme', '--payload', '{"month":"2026-10"}'],
      ...['--priority', '1', '--json'],
    ]);
    expect([code, JSON.parse(out).type]).toEqual([0, 'make-report']);
    const { broker, close } = line.open();
    await broker.admin.read(
      { topic: 'shop.job.make-report', partition: 0, from: 0n, to: 1n },
      ({ headers: sent }) => {
        expect(parseEnvelope(sent, true)).toMatchObject({
          tenant: 'acme',
          job: { priority: 1, type: 'make-report' },
        });
        return false;
      },
    );
    await close();
  });

  it.each([
    ['{"month":7}', 2, 'breaks its check: month'],
    ['{"month":"a password=hunter2-S3cret!"}', 3, 'ESTEIRA_PAYLOAD_HOLDS_SECRET'],
    ['{month', 2, 'not JSON'],
  ])('checks the payload before it leaves: %s', async (payload, expected, why) => {
    const line = await applied();
    const { code, err } = await line.run([
      'jobs',
      'dispatch',
      'make-report',
      '--tenant',
      'acme',
      '--payload',
      payload,
    ]);
    expect([code, err]).toEqual([expected, expect.stringContaining(why)]);
    expect(err).not.toContain('hunter2');
    expect(await recordsOf(line, 'shop.job.make-report')).toBe(0);
  });

  it('knows only job types of the app', async () => {
    const line = await applied();
    const { code } = await line.run(['jobs', 'dispatch', 'nope', '--tenant', 'acme', '--payload', '{}']);
    expect(code).toBe(2);
  });
});

describe('esteira events publish', () => {
  it('publishes what comes on standard input', async () => {
    const line = await applied({ input: '{"paymentId":"p-1"}' });
    const args = ['events', 'publish', 'shop.Paid', '--tenant', 'acme', '--payload', '-', '--id', 'e-1'];
    expect(await line.run(args)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^published shop.Paid as event e-1 at shop.events.\d.0$/),
    });
  });

  it('knows only events of the app', async () => {
    const line = await applied();
    const { code, err } = await line.run([
      'events',
      'publish',
      'shop.Else',
      '--tenant',
      'acme',
      '--payload',
      '{}',
    ]);
    expect([code, err]).toEqual([2, expect.stringContaining('it has shop.Paid')]);
  });
});

describe('esteira start', () => {
  it('runs until it is asked to stop', async () => {
    const { code, err } = await makeCommandLine().run(['start', '--no-health'], { LOG_LEVEL: 'silent' });
    expect(code).toBe(0);
    expect(err).toContain('shop is running (worker, relay, backend memory)');
    expect(err).toContain('shop is stopping');
  });
});

describe('esteira schemas', () => {
  const record = { type: 'record', name: 'Paid', namespace: 'shop', doc: 'd', fields: [] as object[] };

  const inProject = async (schema: object, work: (line: CommandLine) => Promise<void>): Promise<void> => {
    const cwd = temporaryFolder('cli');
    const output = { namespaces: ['shop'], outDir: 'generated', importContractFrom: 'esteira' };
    await writeFile(join(cwd, 'esteira.schemas.json'), JSON.stringify({ folders: ['.'], outputs: [output] }));
    await writeFile(join(cwd, 'paid.avsc'), JSON.stringify(schema));
    await work(makeCommandLine({ cwd }));
  };
  const good = { ...record, fields: [{ name: 'id', type: 'string', doc: 'd' }] };

  it('generate writes files, and --check finds them stale or not', () =>
    inProject(good, async ({ run }) => {
      expect(await run(['schemas', 'generate', '--check'])).toMatchObject({
        code: 1,
        out: 'stale    generated/paid.ts',
      });
      expect(await run(['schemas', 'generate'])).toMatchObject({
        code: 0,
        out: 'written  generated/paid.ts',
      });
      expect(await run(['schemas', 'generate', '--check'])).toMatchObject({ code: 0, out: '' });
    }));

  it("check lints the app's schemas and Esteira's own", () =>
    inProject(good, async ({ run }) => {
      expect(await run(['schemas', 'check', '--offline'])).toMatchObject({
        code: 0,
        out: '4 schemas, 0 breaches of the subset.',
      });
      const without = await run(['schemas', 'check']);
      expect([without.code, without.err]).toEqual([
        2,
        expect.stringContaining('SCHEMA_REGISTRY_URL is missing'),
      ]);
    }));

  it('check fails on a breach of the subset', () =>
    inProject({ ...good, fields: [{ name: 'id', type: 'bytes' }] }, async ({ run }) => {
      const { code, out } = await run(['schemas', 'check', '--offline', '--json']);
      expect([code, JSON.parse(out).breaches.length > 0]).toEqual([1, true]);
    }));

  it('ask for a project file where there is none', async () => {
    expect(await makeCommandLine().run(['schemas', 'generate'])).toMatchObject({ code: 2 });
  });
});
