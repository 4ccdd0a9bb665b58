import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { outsideGuard, type Reach } from '../../../../src/runtime/compliance/handlers/outside-guard.ts';

const early = promisify(execFile);
let server: Server;
let received = '';
beforeAll(async () => {
  server = createServer((socket) => {
    socket
      .on('error', () => undefined)
      .on('data', (bytes) => {
        received += bytes.toString();
      });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.close();
});

const portOf = (): number => (server.address() as AddressInfo).port;
const open = async (): Promise<Socket> => {
  const socket = connect(portOf(), '127.0.0.1');
  await once(socket, 'connect');
  return socket;
};

/** Runs work behind the guard and answers what it reached for. */
const reachesOf = async (work: () => unknown): Promise<readonly Reach[]> => {
  const reaches: Reach[] = [];
  await outsideGuard()
    .run(
      (reach) => void reaches.push(reach),
      async () => work(),
    )
    .catch(() => undefined);
  return reaches;
};

describe('the guard around a handler', () => {
  test('refuses a write on a connection that was open before', async () => {
    const socket = await open();
    expect(await reachesOf(() => socket.write('leaked'))).toEqual([
      { kind: 'network', what: `127.0.0.1:${portOf()}` },
    ]);
    await new Promise<void>((resolve) => socket.write('from outside', () => resolve()));
    socket.destroy();
    expect(received).not.toContain('leaked');
  });

  test('refuses a datagram, and a promise of a file', async () => {
    const socket = createSocket('udp4');
    expect(await reachesOf(() => socket.send('x', 9, '127.0.0.1'))).toEqual([
      { kind: 'network', what: 'a datagram' },
    ]);
    socket.close();
    const { writeFile } = await import('node:fs/promises');
    expect(await reachesOf(() => writeFile('/tmp/esteira-never-written', 'x'))).toEqual([
      { kind: 'file', what: 'writeFile' },
    ]);
  });

  test('goes with what the handler starts and does not wait for', async () => {
    const reaches: Reach[] = [];
    const late = new Promise<void>((resolve) => {
      outsideGuard().run(
        (reach) => void reaches.push(reach),
        () => {
          setImmediate(() => {
            try {
              connect(portOf(), '127.0.0.1');
            } catch {
              resolve();
            }
          });
        },
      );
    });
    await late;
    expect(reaches).toHaveLength(1);
  });

  test('takes output from the screen', async () => {
    expect(await reachesOf(() => process.stderr.write(Buffer.from('a line')))).toEqual([
      { kind: 'output', what: 'a line' },
    ]);
  });

  // A handler that called process.exit(0) ended `esteira compliance` with 0 and no report: the gate let it through.
  test.each(['exit', 'abort', 'kill'] as const)('refuses process.%s', async (name) => {
    const end: unknown = Reflect.get(process, name);
    if (typeof end !== 'function') throw new TypeError(name);
    // 0 as a signal kills nobody, should the guard be gone.
    const given = name === 'kill' ? [process.pid, 0] : [0];
    expect(await reachesOf(() => Reflect.apply(end, process, given))).toEqual([
      { kind: 'process', what: `process.${name}` },
    ]);
  });

  // What a module had promisified before the guard was up started processes, unseen; afterwards it lost its stderr.
  test('refuses what was taken before it was up, and leaves promisify as it is', async () => {
    expect(await reachesOf(() => early('true'))).toEqual([{ kind: 'process', what: 'true' }]);
    expect(await promisify(execFile)('true')).toEqual({ stdout: '', stderr: '' });
  });

  // A thread wrote a file and sent bytes, unseen.
  test('refuses threads', async () => {
    const { Worker } = await import('node:worker_threads');
    expect(await reachesOf(() => new Worker('', { eval: true }))).toEqual([
      { kind: 'process', what: 'a thread (Worker)' },
    ]);
    const own = new Worker('', { eval: true });
    await once(own, 'exit');
    expect(own).toBeInstanceOf(Worker);
  });

  // A file opened by its promises was written, unseen.
  test('refuses to open files for writing, and lets them be read', async () => {
    const { open: openFile } = await import('node:fs/promises');
    expect(await reachesOf(() => openFile('/tmp/esteira-never-written', 'w'))).toEqual([
      { kind: 'file', what: 'open' },
    ]);
    expect(await reachesOf(async () => (await openFile('package.json')).close())).toEqual([]);
  });

  // Last: it cannot be undone.
  test('refuses everybody where nobody else works, as a connection that breaks', async () => {
    const before = await open();
    outsideGuard().refuseEverybody();
    const socket = connect(portOf(), '127.0.0.1');
    const [error] = await new Promise<unknown[]>((resolve) =>
      socket.once('error', (...told) => resolve(told)),
    );
    expect(error).toMatchObject({ code: 'ESTEIRA_HANDLER_INVALID' });
    before.write('queued by a handler');
    await new Promise((resolve) => before.once('close', resolve));
    expect(outsideGuard().strays.map(({ what }) => what)).toEqual([
      `127.0.0.1:${portOf()}`,
      `127.0.0.1:${portOf()}`,
    ]);
    expect(received).not.toContain('queued');
  });
});
