import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { LogFacts } from '../../../src/core/ports/log.ts';
import { createLogger, type LogLevel } from '../../../src/telemetry/logger.ts';

const bundle = (level: LogLevel = 'debug') => {
  const written: string[] = [];
  const log = createLogger({ service: 'svc', level, destination: { write: (line) => written.push(line) } });
  const lines = () => written.map((line): Readonly<Record<string, unknown>> => JSON.parse(line));
  return { log, written, lines };
};

describe('createLogger', () => {
  it('writes one JSON line with level, time, service, message and facts', () => {
    const { log, written, lines } = bundle();
    log.info('consumer started', {
      topic: 'billing.events',
      partitions: 6,
      direct: true,
      nothing: undefined,
    });
    expect(written[0]).toMatch(/^\{.*\}\n$/);
    const { time, ...line } = lines()[0] ?? {};
    expect(new Date(String(time)).toISOString()).toBe(time);
    expect(line).toEqual({
      level: 'info',
      pid: process.pid,
      service: 'svc',
      msg: 'consumer started',
      topic: 'billing.events',
      partitions: 6,
      direct: true,
    });
  });

  it('leaves out what is below its level', () => {
    const { log, lines } = bundle('warn');
    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d');
    expect(lines().map(({ msg }) => msg)).toEqual(['c', 'd']);
  });

  it('writes nothing when silent', () => {
    const { log, written } = bundle('silent');
    log.error('a');
    expect(written).toEqual([]);
  });

  it('redacts secrets in messages and in facts', () => {
    const { log, written } = bundle();
    const secret = `amqp://user:${'hunter'}${2}@host`;
    log.error(`cannot reach ${secret}`, { url: secret, tried: [secret] });
    expect(written).toHaveLength(1);
    expect(written[0]).toContain('cannot reach');
    expect(written[0]).not.toContain('hunter2');
  });

  it('hides a fact whose name says that it is a secret, whatever it looks like', () => {
    const { log, lines } = bundle();
    log.warn('config read', { password: 'plain words', topic: 'billing.events' });
    expect(lines()[0]).toMatchObject({ password: '[redacted]', topic: 'billing.events' });
  });

  it('drops objects, buffers and big integers that slipped past the types, instead of failing or dumping them', () => {
    const { log, lines } = bundle();
    const facts: Record<string, unknown> = {
      payload: { name: 'planted' },
      bytes: Buffer.from('planted'),
      n: 1n,
      ok: 1,
    };
    log.info('slip', facts as LogFacts);
    expect(lines()[0]).toMatchObject({ msg: 'slip', ok: 1 });
    for (const name of ['payload', 'bytes', 'n']) expect(lines()[0]).not.toHaveProperty(name);
  });

  it("keeps the line's own fields its own", () => {
    const { log, written, lines } = bundle();
    log.info('real message', { msg: 'other', level: 'other', service: 'other' });
    expect(lines()[0]).toMatchObject({
      msg: 'real message',
      level: 'info',
      service: 'svc',
      fact_msg: 'other',
    });
    expect(written[0]?.match(/"level":/g)).toHaveLength(1);
  });

  it('bounds a long text', () => {
    const { log, written } = bundle();
    log.info('long', { text: 'lorem ipsum '.repeat(10_000) });
    expect(written[0]?.length).toBeLessThan(3_000);
  });

  it('loses no line when the process exits right after the last one', () => {
    const logger = fileURLToPath(new URL('../../../src/telemetry/logger.ts', import.meta.url));
    const program = `
      import { createLogger } from ${JSON.stringify(logger)};
      const log = createLogger({ service: 'svc', level: 'info' });
      for (let n = 1; n <= 500; n += 1) log.info('line', { n });
      log.flush();
      process.exit(3);`;
    const run = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
      encoding: 'utf8',
      timeout: 15_000,
    });
    expect(run.status, run.stderr).toBe(3);
    expect(run.stdout.trimEnd().split('\n')).toHaveLength(500);
    expect(run.stdout).toContain('"n":500');
  });
});
