import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePorts } from '../../../stack/free-ports.ts';
import { type ServiceSpec, serviceProcess } from '../../../stack/service-process.ts';
import { startWatchdog, type Watchdog } from '../../../stack/watchdog.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** A service that says its process id to whoever connects. */
const PROGRAM = `
  const { createServer } = require('node:net');
  createServer((socket) => socket.end(String(process.pid))).listen(Number(process.argv[1]), '127.0.0.1');
`;

const greeting = (port: number, timeoutMs: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: timeoutMs });
    socket.once('data', (bytes) => resolve(bytes.toString()));
    socket.once('timeout', () => socket.destroy());
    socket.once('error', () => resolve(undefined));
    socket.once('close', () => resolve(undefined));
  });

describe('a service process', () => {
  let dir = '';
  let watchdog: Watchdog;
  let spec: ServiceSpec;
  beforeEach(async () => {
    dir = temporaryFolder('service');
    watchdog = startWatchdog({});
    const [port = 0] = await freePorts(1);
    spec = {
      name: 'greeter',
      port,
      command: process.execPath,
      args: ['-e', PROGRAM, String(port)],
      cwd: dir,
      logFile: join(dir, 'log'),
      isReady: async () => (await greeting(port, 500)) !== undefined,
      readyTimeoutMs: 10_000,
    };
  });
  afterEach(async () => {
    await watchdog.release();
  });

  it('answers once started, is gone once killed, and comes back on the same port as another process', async () => {
    const service = serviceProcess(spec, watchdog);
    expect(service.isAlive()).toBe(false);
    await service.start();
    const first = service.pid;
    expect(await greeting(spec.port, 5_000)).toBe(String(first));
    await service.kill();
    expect(service.isAlive()).toBe(false);
    expect(await greeting(spec.port, 500)).toBeUndefined();
    await service.start();
    expect(service.pid).not.toBe(first);
    expect(await greeting(spec.port, 5_000)).toBe(String(service.pid));
    await service.kill();
  });

  it('accepts connections and answers nothing while frozen, and answers again when thawed', async () => {
    const service = serviceProcess(spec, watchdog);
    await service.start();
    service.freeze();
    expect(await greeting(spec.port, 200)).toBeUndefined();
    expect(service.isAlive()).toBe(true);
    service.thaw();
    expect(await greeting(spec.port, 5_000)).toBe(String(service.pid));
    service.freeze();
    await service.kill();
    expect(service.isAlive()).toBe(false);
  });

  it('is not started twice', async () => {
    const service = serviceProcess(spec, watchdog);
    await service.start();
    await expect(service.start()).rejects.toThrow('greeter runs already');
    await service.kill();
  });

  it('that dies at its start fails at once, with the end of its log', async () => {
    const dying = {
      ...spec,
      args: ['-e', "console.error('no such database'); process.exit(3)"],
      readyTimeoutMs: 600_000,
    };
    const start = serviceProcess(dying, watchdog).start();
    await expect(start).rejects.toThrow(
      /greeter ended before it was ready \(exit code 3\)[\s\S]*no such database/,
    );
    expect(readFileSync(spec.logFile, 'utf8')).toContain('no such database');
  });

  it('whose command does not exist fails, and says so', async () => {
    const missing = serviceProcess({ ...spec, command: join(dir, 'nothing-here') }, watchdog);
    await expect(missing.start()).rejects.toThrow('the command could not be run');
  });

  it('that never becomes ready is killed after its time', async () => {
    const service = serviceProcess({ ...spec, isReady: async () => false, readyTimeoutMs: 300 }, watchdog);
    await expect(service.start()).rejects.toThrow(`did not answer on 127.0.0.1:${spec.port} within 300 ms`);
    expect(service.isAlive()).toBe(false);
  });
});
