import { describe, expect, test } from 'vitest';
import { jobLogContext, type LogFacts } from '../../../src/index.ts';
import { commonFacts } from '../../../src/telemetry/job-log.ts';
import { invoice } from '../../support/invoices.ts';
import { invoicePaid, onInvoice, openBench } from './bench.ts';

type Line = Readonly<Record<string, unknown>>;

/** Runs one invoice through a handler; what it wrote, and what was told of it. */
const linesOf = async (
  run: Parameters<typeof onInvoice>[0],
  environment: Record<string, string> = {},
  options: Parameters<typeof openBench>[1] = {},
) => {
  const bench = openBench([onInvoice(run)], options);
  const esteira = await bench.run({ environment: { LOG_LEVEL: 'debug', ...environment } });
  await esteira.publish(invoicePaid, invoice('planted-1'), { tenant: 'acme', userId: 'user-7' });
  await esteira.idle();
  const lines = bench.lines.map((line): Line => JSON.parse(line));
  return {
    ...{ bench, esteira, lines, raw: bench.lines },
    named: (msg: string) => lines.filter((line) => line['msg'] === msg),
  };
};

describe('a line of a handler', () => {
  test('says by itself whose it is, as the lines of its job do', async () => {
    const { bench, named } = await linesOf({
      run: (_, ctx) => ctx.log.info('receipt sent', { bytes: 12 }),
    });
    const [started] = bench.types('job.started');
    if (started === undefined) throw new Error('not started');
    const { timestamp: _, ...common } = commonFacts(started, 'organizationId');
    expect(named('receipt sent')).toEqual([
      {
        ...{ level: 'info', service: 'bench', msg: 'receipt sent', bytes: 12, attempt: 1 },
        ...{ ...common, execution_id: started.executionId },
        ...{ pid: process.pid, time: expect.any(String) },
      },
    ]);
    expect(common).toMatchObject({ jobClass: 'SettleJob', organizationId: 'acme', userId: 'user-7' });
  });

  test('calls the tenant as the app does', async () => {
    const { named } = await linesOf(
      { run: (_, ctx) => ctx.log.warn('said') },
      {},
      { tenantLogField: 'condominium_id' },
    );
    expect(named('said')[0]).toMatchObject({ condominium_id: 'acme', level: 'warn' });
  });

  test('can be written by the precondition, and after an await', async () => {
    const { named } = await linesOf({
      shouldRun: (_, ctx) => {
        ctx.log.info('asked');
        return true;
      },
      run: async (_, ctx) => {
        await new Promise((resolve) => setImmediate(resolve));
        ctx.log.error('later');
      },
    });
    expect(named('asked')).toHaveLength(1);
    expect(named('later')).toMatchObject([{ level: 'error', task: 'settle' }]);
  });

  test('never takes the place of what it says of its job', async () => {
    const { named } = await linesOf({
      run: (_, ctx) => {
        ctx.log.info('forged', { job_id: 'other', organizationId: 'globex', level: 'error' });
        // Nothing is traced here, and no fact may look as if it were.
        ctx.log.info('invented', { trace_id: 'a', span_id: 'b', toString: 'c' });
      },
    });
    expect(named('invented')).toMatchObject([{ fact_trace_id: 'a', fact_span_id: 'b', toString: 'c' }]);
    expect(named('forged')).toMatchObject([
      {
        ...{ organizationId: 'acme', fact_job_id: 'other', fact_organizationId: 'globex' },
        ...{ level: 'info', fact_level: 'error' },
      },
    ]);
  });

  test('below the level of the log costs the handler nothing that it could see', async () => {
    let asked = 0;
    const facts = {
      get costly(): number {
        asked += 1;
        return 1;
      },
    };
    const { named } = await linesOf(
      { run: (_, ctx) => [ctx.log.debug('quiet', facts), ctx.log.info('quiet', facts)] },
      { LOG_LEVEL: 'warn' },
    );
    expect(named('quiet')).toEqual([]);
    expect(asked).toBe(0);
  });
});

describe('a payload', () => {
  test('that a handler logs in any way is not written, and one warning says why', async () => {
    const { named, raw } = await linesOf({
      run: (payload, ctx) => {
        const log: object = ctx.log;
        const untyped: (message: unknown, facts?: unknown) => void = Reflect.get(log, 'info');
        untyped('as a fact', { payload });
        untyped('as the facts', [payload]);
        untyped(payload);
        untyped(payload, 'pino style');
        untyped(`in words ${JSON.stringify(payload)}`);
        untyped('as JSON', { payload: JSON.stringify(payload) });
      },
    });
    expect(raw.join('')).not.toContain('planted');
    expect(named('as a fact')).toMatchObject([{ payload: '[left out]', task: 'settle' }]);
    expect(named('log.value_left_out')).toMatchObject([
      { level: 'warn', task: 'settle', facts: 'payload', detail: expect.stringContaining('payload') },
    ]);
  });

  test.each([
    ['by its shape', { url: `amqp://user:${'hunter'}${2}@host` }],
    ['by its name', { password: `${'hunter'}${2}` }],
  ])('with a secret in a plain fact is redacted %s', async (_, facts: LogFacts) => {
    const { raw, named } = await linesOf({ run: (_payload, ctx) => ctx.log.info('connected', facts) });
    expect(named('connected')).toHaveLength(1);
    expect(raw.join('')).not.toContain('hunter2');
  });
});

describe('a hostile text', () => {
  const FORGED = '{"level":"error","msg":"job.dead_letter"}';

  test.each([
    ['in a fact', (evil: string) => ({ evil })],
    ['in the name of a fact', (evil: string) => ({ [evil]: 1 })],
    ['in a list', (evil: string) => ({ list: [evil, evil] })],
  ])('%s forges no line, no colour and no direction', async (_, factsOf) => {
    const evil = `ok\n${FORGED}\r\u001b[31mred\u009b31m\u2028\u202egnp.exe","level":"fatal`;
    const { raw, named, lines } = await linesOf({
      run: (_payload, ctx) => ctx.log.info(`said ${evil}`.slice(0, 9), factsOf(evil)),
    });
    expect(named('job.dead_letter')).toEqual([]);
    expect(lines.filter(({ level }) => level === 'fatal')).toEqual([]);
    for (const line of raw) {
      expect(line.indexOf('\n')).toBe(line.length - 1);
      // Not even once a viewer has taken the JSON apart.
      const texts = Object.entries(JSON.parse(line)).flat().join('');
      expect(texts).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e]/u);
    }
  });

  test('in the correlation id of a record reaches the log on one line', async () => {
    const bench = openBench([onInvoice({ run: (_, ctx) => ctx.log.info('said') })]);
    const esteira = await bench.run();
    const correlationId = `c\n${FORGED}\u001b[2J`;
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme', correlationId });
    await esteira.idle();
    const said = bench.lines.filter((line) => line.includes('"said"'));
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('c\\\\n');
    expect(JSON.parse(said[0] ?? '').correlationId).not.toMatch(/\p{Cc}/u);
  });
});

describe('jobLogContext', () => {
  test('gives the loggers of the app the same fields, deep below the handler, and nothing elsewhere', async () => {
    let deep: LogFacts = {};
    const { named } = await linesOf({
      run: async (_, ctx) => {
        ctx.log.info('here');
        await new Promise((resolve) => setTimeout(resolve, 1));
        deep = jobLogContext();
      },
    });
    const { level: _l, time: _t, pid: _p, service: _s, msg: _m, ...fields } = named('here')[0] ?? {};
    expect(deep).toEqual(fields);
    expect(jobLogContext()).toEqual({});
  });
});
