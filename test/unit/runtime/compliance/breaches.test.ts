import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, connect as openSocket, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  type AppDefinition,
  completed,
  defineEvent,
  defineJob,
  type JobContext,
} from '../../../../src/index.ts';
import {
  type Booked,
  Booked as BookedContract,
  booked,
  forbidden,
  hall,
  lines,
  onBooked,
  provider,
} from './bench.ts';

const LIMIT_MS = 60_000;

const breachOf = async (
  app: AppDefinition,
  line: string,
  runHandlers = false,
): Promise<string | undefined> => {
  const told = (await lines(app, { runHandlers }))[line];
  return told?.startsWith('breach: ') === true ? told.slice('breach: '.length) : undefined;
};

describe('a breach of what a definition says is found by its line', () => {
  const unchecked = defineEvent(BookedContract, { topic: 'hall.events', check: 'none', partitions: 1 });
  const loose = defineEvent(BookedContract, {
    topic: 'hall.events',
    check: z.looseObject({}),
    partitions: 1,
  });
  const withPassword = defineJob({
    ...{ type: 'log-in', kind: 'system', order: 'none', run: () => undefined },
    payload: z.object({ user: z.string(), account: z.object({ apiKey: z.string() }) }),
  });
  const ai = onBooked({ type: 'propose', kind: 'ai' });
  const acts = onBooked({ type: 'act', on: [], after: completed(ai) });

  test.each<[string, AppDefinition, string]>([
    [
      'payload-checked',
      hall([onBooked({ on: unchecked })], { events: [unchecked] }),
      "event hall.Booked has check: 'none'",
    ],
    [
      'payload-checked',
      hall([onBooked({ on: loose })], { events: [loose] }),
      'the check of event hall.Booked refuses nothing',
    ],
    [
      'backoff',
      hall([onBooked({ retry: { attempts: 3, backoff: ['1m', 0] } })]),
      'attempt 3 of 3 comes at once',
    ],
    ['no-secret-in-payload', hall([withPassword]), 'by its name a secret stands in account.apiKey'],
    [
      'ai-prepares-only',
      hall([ai, acts]),
      "it follows the ai job propose without a person's yes between them",
    ],
  ])('%s', async (line, app, says) => {
    expect(await breachOf(app, line)).toBe(says);
  });
});

describe('a breach of what the app does is found by playing it', () => {
  test('idempotent: a key that is another each time', async () => {
    const app = hall([onBooked({ idempotencyKey: () => randomUUID() })]);
    const told = await lines(app);
    // One fault is one breach: what follows from it is not laid at another's door.
    expect(Object.entries(told).filter(([, text]) => text.startsWith('breach'))).toEqual([
      ['idempotent', 'breach: delivered 3 times: started 3 times, 0 told as skipped'],
    ]);
    expect(told['time-bounded']).toContain('unproved: not played');
  });

  test('tenant-required: a directory that knows everybody', async () => {
    const app = hall([onBooked()], { tenants: { resolve: async (id) => ({ id }) } });
    expect(await breachOf(app, 'tenant-required')).toContain('knows a tenant that cannot exist');
  });

  test('tenant-required is not proved with a directory that does not answer', async () => {
    const app = hall([onBooked()], { tenants: { resolve: () => Promise.reject(new Error('down')) } });
    expect((await lines(app))['tenant-required']).toContain('unproved: ');
  });
});

type Run = (booking: Booked, ctx: JobContext) => unknown;
const withHandler = (run: Run, kind: 'reactive' | 'ai' = 'reactive'): AppDefinition =>
  hall([onBooked({ run, kind })]);

describe('a breach of what a handler does is found by trying it', { timeout: LIMIT_MS }, () => {
  test('crash-safe: another key at every start', async () => {
    const mail = provider();
    const run: Run = (_booking, { signal }) => mail.call(signal, forbidden, { key: randomUUID() });
    expect(await breachOf(withHandler(run), 'crash-safe', true)).toContain('its keys differ');
  });

  test('crash-safe is not proved without a key', async () => {
    const mail = provider();
    const run: Run = (_booking, { signal }) => mail.call(signal, forbidden);
    expect((await lines(withHandler(run), { runHandlers: true }))['crash-safe']).toContain(
      'unproved: started again, it called mail again, and says no key',
    );
  });

  test('logs: a line that is no JSON', async () => {
    const run: Run = () => void process.stdout.write('one letter sent\n{"level":"info","msg":"fine"}\n');
    expect(await breachOf(withHandler(run), 'logs', true)).toBe(
      'the handler wrote a line that is no JSON to the output',
    );
  });

  test('provider-timeout: it waits for something else', async () => {
    const mail = provider();
    const run: Run = async (_booking, { signal }) => {
      await mail.call(signal, forbidden).catch(
        () =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason));
          }),
      );
    };
    expect(await breachOf(withHandler(run), 'provider-timeout', true)).toContain(
      'held it up until its attempt timed out',
    );
  });

  test('provider-breaker is not proved where the provider calls a refused connection no failure', async () => {
    const mail = provider({ judge: () => 'declined' });
    const run: Run = (_booking, { signal }) => mail.call(signal, forbidden);
    expect((await lines(withHandler(run), { runHandlers: true }))['provider-breaker']).toContain(
      'unproved: mail refused every connection, and the breaker did not open',
    );
  });

  test('provider-fallback: it swallows the error and completes', async () => {
    const mail = provider();
    const run: Run = (_booking, { signal }) => mail.call(signal, forbidden).catch(() => undefined);
    expect(await breachOf(withHandler(run), 'provider-fallback', true)).toContain('lost in silence');
  });

  test('ai-prepares-only: it acts', async () => {
    const mail = provider({ acts: true });
    const run: Run = (_booking, { signal }) => mail.call(signal, forbidden);
    expect(await breachOf(withHandler(run, 'ai'), 'ai-prepares-only', true)).toBe(
      'it acts through mail, and no confirmation sets it off',
    );
    const confirmed = defineEvent(BookedContract, {
      topic: 'hall.events',
      check: booked.check,
      partitions: 1,
      confirms: true,
    });
    const app = hall([onBooked({ kind: 'ai', on: confirmed, run })], { events: [confirmed] });
    expect((await lines(app, { runHandlers: true }))['ai-prepares-only']).toMatch(
      /^proved: it acts, and only a confirmation/,
    );
  });

  test('ai-prepares-only is not proved where nobody says what a provider does', async () => {
    const model = provider({ name: 'model' });
    const run: Run = (_booking, { signal }) => model.call(signal, forbidden);
    expect((await lines(withHandler(run, 'ai'), { runHandlers: true }))['ai-prepares-only']).toContain(
      'unproved: it calls model',
    );
  });

  // All lines were ok: what ends a handler at its time-out was played by a stand-in that waits, and does not compute.
  test('time-bounded: it computes for seconds without a pause, and is not run again', async () => {
    let runs = 0;
    const run: Run = () => {
      runs += 1;
      const beganMs = performance.now();
      while (performance.now() - beganMs < 3_100);
    };
    const told = await lines(withHandler(run), { runHandlers: true });
    expect(told['time-bounded']).toMatch(/^breach: the handler computed for 3 s without a pause/);
    expect(told['crash-safe']).toMatch(/^unproved: not played on/);
    expect(runs).toBe(1);
  });

  test('a handler that fails with the sample proves nothing of itself', async () => {
    const told = await lines(
      withHandler(() => {
        throw Object.assign(new Error('no such booking'), { status: 404 });
      }),
      { runHandlers: true },
    );
    expect(told['adapters']).toMatch(/^unproved: with this sample the handler failed/);
    expect(told['crash-safe']).toMatch(/^unproved/);
  });
});

describe('adapters: what a handler reaches past every provider is refused and named', {
  timeout: LIMIT_MS,
}, () => {
  let server: Server;
  let arrived = 0;
  let port = 0;
  beforeAll(async () => {
    server = createServer((socket) => {
      arrived += 1;
      socket.on('error', () => undefined).destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  test('a connection by fetch', async () => {
    const run: Run = () => fetch(`http://127.0.0.1:${port}/`);
    expect(await breachOf(withHandler(run), 'adapters', true)).toContain(`network 127.0.0.1:${port}`);
    expect(arrived).toBe(0);
  });

  test('a connection by a socket, also one whose error is swallowed', async () => {
    const run: Run = () => {
      try {
        openSocket(port, '127.0.0.1');
      } catch {
        return; // as careless code does
      }
    };
    expect(await breachOf(withHandler(run), 'adapters', true)).toContain(`network 127.0.0.1:${port}`);
    expect(arrived).toBe(0);
  });

  test('a file, by name, and a child process', async () => {
    const { execFile } = await import('node:child_process');
    const path = `/tmp/esteira-rehearsal-${randomUUID()}`;
    const run: Run = () => writeFileSync(path, 'x');
    expect(await breachOf(withHandler(run), 'adapters', true)).toContain('file writeFile');
    const { existsSync } = await import('node:fs');
    expect(existsSync(path)).toBe(false);
    const spawns: Run = () => execFile('true');
    expect(await breachOf(withHandler(spawns), 'adapters', true)).toContain('process true');
  });

  test('everybody else reaches what they like meanwhile', async () => {
    const app = withHandler(() => fetch(`http://127.0.0.1:${port}/`));
    const before = arrived;
    const checked = lines(app, { runHandlers: true });
    await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
    await checked;
    expect(arrived).toBe(before + 1);
  });
});
