import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { outsideGuard, type Reach } from '../../../../src/runtime/compliance/handlers/outside-guard.ts';

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
