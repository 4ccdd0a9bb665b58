import { describe, expect, test } from 'vitest';
import {
  CompositeTelemetryEmitter,
  HTTPTelemetryEmitter,
  type JobEvent,
  MemoryTelemetryEmitter,
  type TelemetryEmitter,
} from '../../../../src/index.ts';
import { invoice } from '../../../support/invoices.ts';
import { jobEvent } from '../../../support/job-events.ts';
import { manualClock } from '../../../support/manual-clock.ts';
import { recordingLog } from '../../../support/recording-log.ts';
import { waitFor } from '../../../support/wait.ts';
import { invoicePaid, onInvoice, openBench } from '../../consumers/bench.ts';
import { openLake, status } from './lake.ts';

const emitterThat = (name: string, does: Partial<TelemetryEmitter>): TelemetryEmitter => ({
  emit: () => undefined,
  close: () => Promise.resolve(),
  status: () => [{ emitter: name, pending: 0, delivered: 0, dropped: {} }],
  ...does,
});

const throwing = emitterThat('throwing', {
  emit: () => {
    throw new Error('no');
  },
  close: () => {
    throw new Error('not even this');
  },
});
const rejecting = emitterThat('rejecting', {
  emit: async () => {
    throw new Error('later');
  },
  close: () => Promise.reject(new Error('no')),
});
const deaf = emitterThat('deaf', { close: () => new Promise(() => undefined) });

describe('several emitters at once', () => {
  test('each gets every event, in order, whatever the others do', async () => {
    const log = recordingLog();
    const memory = new MemoryTelemetryEmitter();
    const clock = manualClock();
    const all = new CompositeTelemetryEmitter({ log, clock }, [throwing, rejecting, memory, deaf]);
    const told = Array.from({ length: 5 }, (_, at) => jobEvent('job.started', { eventId: `e${at}` }));
    for (const event of told) all.emit(event);
    expect(memory.events).toEqual(told);
    expect(all.status().map(({ emitter }) => emitter)).toEqual(['throwing', 'rejecting', 'memory', 'deaf']);
    await waitFor('both to be logged', () => log.lines.length === 2);
    expect(log.lines.map(({ facts }) => facts['observer'])).toEqual(['throwing', 'rejecting']);
  });

  test('end together: one that fails, or does not end, is logged by its name', async () => {
    const log = recordingLog();
    const clock = manualClock();
    const all = new CompositeTelemetryEmitter({ log, clock }, [
      ...[throwing, rejecting, deaf],
      new MemoryTelemetryEmitter(),
    ]);
    const closing = all.close(1_000);
    await waitFor('two to fail', () => log.lines.length === 2);
    clock.advance(2_000);
    await closing;
    const failed = log.lines.map(({ message, facts }) => [message, facts['emitter']]);
    expect(failed.sort()).toEqual([
      ['telemetry.emitter_not_closed', 'deaf'],
      ['telemetry.emitter_not_closed', 'rejecting'],
      ['telemetry.emitter_not_closed', 'throwing'],
    ]);
  });
});

describe('the emitters of an app', () => {
  test('get the events of the process, and neither jobs nor the topic suffer from any of them', async () => {
    const memory = new MemoryTelemetryEmitter();
    const { lake, url } = await openLake();
    lake.answer = () => undefined; // it never answers
    const bench = openBench([onInvoice()], {
      emitters: [
        () => throwing,
        () => deaf,
        () => memory,
        (parts) => new HTTPTelemetryEmitter(parts, { url }),
      ],
    });
    const esteira = await bench.run();
    const ids = Array.from({ length: 200 }, (_, at) => `p${at}`);
    await Promise.all(ids.map((id) => esteira.publish(invoicePaid, invoice(id), { tenant: 'acme' })));
    await esteira.idle();
    expect(bench.types('job.completed')).toHaveLength(200);
    expect(memory.events).toEqual(bench.told);
    expect(await bench.read('bench.telemetry.jobs')).toHaveLength(400);
    // The lake and the deaf one take the time of the step, which is bounded.
    expect(await esteira.stop()).toBe(true);
    const said = bench.lines.map((line): { msg: string } => JSON.parse(line));
    expect(said).toContainEqual(
      expect.objectContaining({ msg: 'telemetry.emitter_closed_blocked', emitter: 'http', dropped: 400 }),
    );
  });

  test('send what they hold before the process ends', async () => {
    const { requests, url } = await openLake();
    const bench = openBench([onInvoice()], {
      emitters: [(parts) => new HTTPTelemetryEmitter(parts, { url, batch: { wait: '1h' } })],
    });
    const esteira = await bench.run();
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await esteira.idle();
    expect(requests).toEqual([]);
    await esteira.stop();
    const sent: readonly JobEvent[] = JSON.parse(requests[0]?.body ?? '');
    expect(sent.map(({ type }) => type)).toEqual(['job.started', 'job.completed']);
  });

  test('of one name are refused at the start, and so is one whose options are wrong', async () => {
    const two = openBench([onInvoice()], {
      emitters: [() => new MemoryTelemetryEmitter(), () => new MemoryTelemetryEmitter()],
    });
    await expect(two.run()).rejects.toMatchObject({
      code: 'ESTEIRA_DEFINITION_INVALID',
      message: expect.stringContaining('two are called memory'),
    });
    const wrong = openBench([onInvoice()], {
      emitters: [(parts) => new HTTPTelemetryEmitter(parts, { url: 'lake' })],
    });
    await expect(wrong.run()).rejects.toMatchObject({ code: 'ESTEIRA_DEFINITION_INVALID' });
    const topic = openBench([onInvoice()], { emitters: [() => new MemoryTelemetryEmitter('kafka')] });
    await expect(topic.run()).rejects.toThrow(/which is the telemetry topic/);
  });

  test('are told of too when the topic is not', async () => {
    const memory = new MemoryTelemetryEmitter();
    const bench = openBench([onInvoice()], { emitters: [() => memory] });
    const esteira = await bench.run({ telemetry: false });
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await waitFor('its end', () => memory.events.length === 2);
  });

  test('that cannot deliver show what waits and what was dropped in the metrics of the process', async () => {
    const { lake, url } = await openLake();
    lake.answer = status(400);
    const bench = openBench([onInvoice()], {
      emitters: [(parts) => new HTTPTelemetryEmitter(parts, { url, batch: { wait: '1ms' } })],
    });
    const esteira = await bench.run({
      ...{ health: true, environment: { LOG_LEVEL: 'silent', HEALTH_PORT: '0' } },
    });
    await esteira.publish(invoicePaid, invoice('p1'), { tenant: 'acme' });
    await waitFor('the drops', async () => {
      const text = await (await fetch(`http://127.0.0.1:${esteira.healthPort}/metrics`)).text();
      return /esteira_telemetry_dropped_total\{[^}]*emitter="http"[^}]*reason="refused"[^}]*\} 2/.test(text);
    });
  });
});
