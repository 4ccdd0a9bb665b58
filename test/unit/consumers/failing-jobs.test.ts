import { describe, expect, test } from 'vitest';
import { PackedRecord } from '../../../src/broker/memory/packed-record.ts';
import { jobIdOf } from '../../../src/core/ids.ts';
import { trigger, UnrecoverableError } from '../../../src/index.ts';
import { invoice } from '../../support/invoices.ts';
import { only } from '../../support/only.ts';
import { waitFor } from '../../support/wait.ts';
import { invoicePaid, onInvoice, openBench, textHeaders } from './bench.ts';

const refuse = onInvoice({
  run: () => {
    throw new UnrecoverableError('x'.repeat(400));
  },
});

describe('a dead letter', () => {
  test('is the record as it came: key, bytes and foreign headers unchanged, in order, repeats included', async () => {
    const bench = openBench([refuse]);
    const esteira = await bench.run();
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await esteira.idle();
    const { value, headers } = only(await bench.read('billing.events'));
    const foreign = [
      ...headers,
      ['x-a', Buffer.from([0, 255])],
      ['x-a', null],
      ['job-foo', Buffer.from('1')],
    ] as const;
    await bench.write(
      'billing.events',
      value,
      foreign.filter(([name]) => name !== 'ce_id'),
    );
    await esteira.idle();
    const letter = (await bench.read('bench.dlq.settle'))[1];
    expect([letter?.key, letter?.value]).toEqual([Buffer.from('acme'), value]);
    const others = letter?.headers.filter(([name]) => !name.startsWith('job-') || name === 'job-foo');
    expect(others).toEqual(foreign.filter(([name]) => name !== 'ce_id'));
    expect(textHeaders(letter?.headers ?? [])).toMatchObject({
      ...{ 'job-origin': 'billing.events/0/1', 'job-dead-reason': 'unrecoverable', 'job-hop': '1' },
      ...{ 'job-error-class': 'unrecoverable', 'job-error-code': 'UnrecoverableError' },
    });
  });

  test('is told to the services as JobFailed and to the audit', async () => {
    const bench = openBench([refuse]);
    const esteira = await bench.run();
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await esteira.idle();
    expect(only(await bench.read('bench.failures')).key?.toString()).toBe('acme');
    expect(await bench.read('bench.audit')).toHaveLength(1);
  });

  test('of an event that comes again is told as skipped, and is no second dead letter', async () => {
    const bench = openBench([refuse]);
    const esteira = await bench.run();
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme', id: 'e-1' });
    await esteira.idle();
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme', id: 'e-1' });
    await esteira.idle();
    expect(await bench.read('bench.dlq.settle')).toHaveLength(1);
    expect(bench.types('job.started')).toHaveLength(1);
    expect(bench.types('job.skipped')).toMatchObject([{ reason: 'superseded' }]);
  });
});

describe('a dead letter that its topic does not take', () => {
  const SLACK = 100;

  test('goes without its error text when that is what makes it too large', async () => {
    const bench = openBench([refuse]);
    const esteira = await bench.run();
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await esteira.idle();
    const { wireBytes } = new PackedRecord(only(await bench.read('bench.dlq.settle')));
    await bench.limit('bench.dlq.settle', wireBytes - SLACK);
    await esteira.publish(invoicePaid, invoice('p2'), { tenant: 'acme' });
    await esteira.idle();
    const letters = (await bench.read('bench.dlq.settle')).map(({ headers }) => textHeaders(headers));
    expect(letters.map((headers) => headers['job-error-message']?.length)).toEqual([400, 0]);
    expect(letters[1]).toMatchObject({
      'job-error-code': 'UnrecoverableError',
      'job-dead-reason': 'unrecoverable',
    });
  });

  test('suspends its type with the offset not moved; once it fits it is written, and the job does not run again', async () => {
    const bench = openBench([refuse]);
    const first = await bench.run({ health: true, environment: { HEALTH_PORT: '0', LOG_LEVEL: 'error' } });
    await bench.limit('bench.dlq.settle', SLACK);
    await first.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    const ready = await waitFor('the suspension', async () => {
      const answer = await fetch(`http://127.0.0.1:${first.healthPort}/health/ready`);
      return answer.status === 503 && (await answer.text());
    });
    expect(ready).toContain('ESTEIRA_RECORD_TOO_LARGE');
    const told = bench.lines
      .map((line) => JSON.parse(line))
      .find(({ msg }) => /raise max\.message\.bytes/.test(msg));
    expect(told).toMatchObject({ level: 'error', position: 'billing.events/0/0' });
    await first.stop();
    expect(await bench.committed()).toBe(0n);
    await bench.limit('bench.dlq.settle', 1_000_000);
    const second = await bench.run();
    await second.idle();
    expect(await bench.read('bench.dlq.settle')).toHaveLength(1);
    expect(bench.types('job.started')).toHaveLength(1);
    expect(await bench.committed()).toBe(1n);
  });
});

describe('a job whose runs never come back', () => {
  test('is given up after its most starts, without another', async () => {
    const job = onInvoice({ maxStarts: 2, retry: { attempts: 5, backoff: '20ms' } });
    const bench = openBench([job]);
    const esteira = await bench.run();
    const jobId = jobIdOf('bench', 'settle', 'bench', 'e-1');
    const key = { jobType: 'settle', tenant: 'acme', idempotencyKey: jobId };
    const place = { jobId, hop: 0, position: 'billing.events/0/0', origin: 'billing.events/0/0' };
    const counts = { attempt: 1, starts: 0, maxAttempts: 5, maxStarts: 2, leaseMs: 1 };
    for (const run of ['died', 'died-too']) {
      const claimed = () => bench.backend.state.claim([{ ...key, ...place, ...counts, run }]);
      await waitFor('the lease of the run before to end', async () => (await claimed())[0]?.kind === 'run');
    }
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme', id: 'e-1' });
    await esteira.idle();
    expect(bench.types('job.started')).toEqual([]);
    expect(bench.types('job.sent_to_dlq')).toMatchObject([{ reason: 'starts_exhausted', starts: 2 }]);
  });
});

describe('a trigger', () => {
  test('whose condition does not hold leaves no trace but a moved offset', async () => {
    const job = onInvoice({ on: trigger(invoicePaid, { when: ({ amountCents }) => amountCents > 100 }) });
    const bench = openBench([job]);
    const esteira = await bench.run();
    await esteira.publish(invoicePaid, invoice('small', { amountCents: 100 }), { tenant: 'acme' });
    await esteira.idle();
    expect(await bench.committed()).toBe(1n);
    expect(bench.told).toEqual([]);
    expect(await bench.read('bench.telemetry.jobs')).toEqual([]);
  });

  test.each([
    ['map', { on: trigger(invoicePaid, { map: failing }) }],
    ['condition', { on: trigger(invoicePaid, { when: failing }) }],
    ['ordering key', { order: failing }],
    ['idempotency key', { idempotencyKey: failing }],
  ])(
    'whose %s throws makes a dead letter payload_invalid, and the partition goes on',
    async (_what, changes) => {
      const bench = openBench([onInvoice(changes)]);
      const esteira = await bench.run();
      await esteira.publish(invoicePaid, invoice('bad'), { tenant: 'acme' });
      await esteira.publish(invoicePaid, invoice('good'), { tenant: 'acme' });
      await esteira.idle();
      expect(bench.types('job.sent_to_dlq')).toMatchObject([
        { reason: 'payload_invalid', errorCode: 'MAP_FAILED' },
      ]);
      expect(bench.types('job.completed')).toHaveLength(1);
      expect(JSON.stringify(bench.told)).not.toContain(TOKEN);
    },
  );
});

test('an idempotency key of no text makes a dead letter: all such jobs would be one', async () => {
  const bench = openBench([onInvoice({ idempotencyKey: ({ currency }) => currency })]);
  const esteira = await bench.run();
  await esteira.publish(invoicePaid, invoice('p1', { currency: '' }), { tenant: 'acme' });
  await esteira.idle();
  expect(bench.types('job.sent_to_dlq')).toMatchObject([
    { reason: 'payload_invalid', errorCode: 'KEY_EMPTY' },
  ]);
});

/** Shaped like a secret, and none. */
const TOKEN = `ghp_${'a1B2'.repeat(9)}`;

/** Fails for the payment `bad`, with words that must not leave. */
function failing(event: { readonly paymentId: string }): never {
  if (event.paymentId === 'bad') throw new TypeError(`refused for ${TOKEN}`);
  return 'good' as never;
}
