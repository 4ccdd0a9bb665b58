import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type HealthServerOptions, startHealthServer } from '../../../src/telemetry/health-server.ts';
import { recordingLog } from '../../support/recording-log.ts';

const bundle = async (options: Partial<HealthServerOptions> = {}) => {
  const log = recordingLog();
  const server = await startHealthServer({
    port: 0,
    host: '127.0.0.1',
    live: () => ({ loop: { ok: true } }),
    ready: () => ({ broker: { ok: true }, redis: { ok: true } }),
    metrics: () => Promise.resolve('jobs 1\n'),
    log,
    ...options,
  });
  onTestFinished(() => server.close());
  const ask = (path: string, init: RequestInit = {}) => fetch(`http://127.0.0.1:${server.port}${path}`, init);
  return { server, log, ask };
};

describe('health', () => {
  it('answers 200 with each check by name while all are well', async () => {
    const { ask } = await bundle();
    const response = await ask('/health/ready');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(await response.json()).toEqual({
      status: 'ok',
      checks: { broker: { ok: true }, redis: { ok: true } },
    });
  });

  it('answers 503 and says which check is not well as soon as one is not', async () => {
    const { ask } = await bundle({
      ready: () => ({ broker: { ok: true }, redis: { ok: false, detail: 'no answer for 12 s' } }),
    });
    const response = await ask('/health/ready');
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({
      status: 'unavailable',
      checks: { broker: { ok: true }, redis: { ok: false, detail: 'no answer for 12 s' } },
    });
    expect((await ask('/health/live')).status).toBe(200);
  });

  it('looks anew at each question', async () => {
    let ok = false;
    const { ask } = await bundle({ live: () => ({ loop: { ok } }) });
    expect((await ask('/health/live')).status).toBe(503);
    ok = true;
    expect((await ask('/health/live?verbose')).status).toBe(200);
  });

  it('answers 503 when a check itself throws, and logs it', async () => {
    const { ask, log } = await bundle({
      ready: () => {
        throw new Error('check bug');
      },
    });
    expect((await ask('/health/ready')).status).toBe(503);
    expect(log.lines).toEqual([
      { level: 'error', message: 'health.failed', facts: { path: '/health/ready', error: 'check bug' } },
    ]);
  });

  it('redacts what a check tells: anybody may ask', async () => {
    const detail = `connect failed: redis://worker:${'hunter'}${2}@10.0.0.5:6379`;
    const { ask } = await bundle({ ready: () => ({ redis: { ok: false, detail } }) });
    const body = await (await ask('/health/ready')).text();
    expect(body).toContain('connect failed');
    expect(body).not.toContain('hunter2');
  });
});

describe('metrics', () => {
  it('serves the text as Prometheus text', async () => {
    const { ask } = await bundle();
    const response = await ask('/metrics');
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await response.text()).toBe('jobs 1\n');
  });

  it('answers 500 when they cannot be collected', async () => {
    const { ask } = await bundle({ metrics: () => Promise.reject(new Error('reader is shut down')) });
    expect((await ask('/metrics')).status).toBe(500);
  });
});

describe('the server', () => {
  it('answers 404 to any other path', async () => {
    const { ask } = await bundle();
    for (const path of ['/', '/health', '/health/live/', '/metricsx', '//metrics']) {
      expect((await ask(path)).status, path).toBe(404);
    }
  });

  it('refuses every method but GET and HEAD', async () => {
    const { ask } = await bundle();
    const response = await ask('/health/live', { method: 'POST', body: '{}' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
    const head = await ask('/health/live', { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect(Number(head.headers.get('content-length'))).toBeGreaterThan(0);
  });

  it('says which port is taken', async () => {
    const { server } = await bundle();
    await expect(bundle({ port: server.port })).rejects.toMatchObject({
      code: 'ESTEIRA_CONFIG_INVALID',
      facts: { host: '127.0.0.1', port: server.port },
    });
  });

  it('closes within its deadline although a client never finishes its request', async () => {
    const { server } = await bundle();
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write('GET /health/live HTTP/1.1\r\nhost: a\r\n');
    const cut = once(socket, 'close');
    await server.close(50);
    await cut;
    expect(socket.destroyed).toBe(true);
  });

  it('closes twice without harm', async () => {
    const { server } = await bundle();
    await server.close();
    await server.close();
    await expect(fetch(`http://127.0.0.1:${server.port}/health/live`)).rejects.toThrow();
  });
});
