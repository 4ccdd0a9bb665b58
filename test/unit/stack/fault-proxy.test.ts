import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FaultProxy, startProxy } from '../../../stack/fault-proxy.ts';
import { waitFor } from '../../support/wait.ts';

/** A client that keeps what it received and how it ended. */
const dial = async (port: number) => {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const state = { received: '', ended: false, error: '' };
  socket.on('data', (bytes) => {
    state.received += bytes.toString();
  });
  socket.on('end', () => {
    state.ended = true;
  });
  socket.on('error', (error) => {
    state.error = 'code' in error ? String(error.code) : error.message;
  });
  await once(socket, 'connect');
  return { socket, state };
};

describe('the fault proxy', () => {
  let echo: Server;
  let proxy: FaultProxy;
  const echoed: Socket[] = [];
  const clients: Socket[] = [];

  const client = async () => {
    const dialled = await dial(proxy.port);
    clients.push(dialled.socket);
    return dialled;
  };

  beforeEach(async () => {
    echo = createServer({ allowHalfOpen: true }, (socket) => {
      echoed.push(socket);
      socket.on('error', () => undefined);
      socket.pipe(socket);
    });
    echo.listen(0, '127.0.0.1');
    await once(echo, 'listening');
    const address = echo.address();
    if (address === null || typeof address === 'string') throw new Error('the echo server got no port');
    proxy = await startProxy({ target: { host: '127.0.0.1', port: address.port } });
  });
  afterEach(async () => {
    for (const socket of [...clients.splice(0), ...echoed.splice(0)]) socket.destroy();
    await proxy.stop();
    await new Promise((resolve) => echo.close(resolve));
  });

  it('passes bytes both ways without a fault, in order, more than it holds at once', async () => {
    const { socket, state } = await client();
    const text = Array.from({ length: 400_000 }, (_, index) => String(index).padStart(8, '0')).join('');
    socket.write(text);
    await waitFor('the echo', () => state.received.length === text.length);
    expect(state.received === text).toBe(true);
  });

  it('passes the end of one direction and what comes back after it', async () => {
    const { socket, state } = await client();
    socket.end('last words');
    await waitFor('the end', () => state.ended);
    expect(state.received).toBe('last words');
  });

  it('delays each direction, as long as told and no longer than it must', async () => {
    const { socket, state } = await client();
    proxy.delay(150);
    const begun = performance.now();
    socket.write('a');
    await waitFor('the echo', () => state.received === 'a', { everyMs: 5 });
    expect(performance.now() - begun).toBeGreaterThanOrEqual(299);
    proxy.delay(0);
    socket.write('b');
    await waitFor('the second echo', () => state.received === 'ab');
  });

  it('delays a stream as a whole: many pieces arrive together, not one delay each', async () => {
    const { socket, state } = await client();
    proxy.delay(200); // one by one, fifty pieces would take twenty seconds
    const begun = performance.now();
    for (let piece = 0; piece < 50; piece += 1) {
      socket.write('x');
      await new Promise(setImmediate);
    }
    await waitFor('all pieces', () => state.received.length === 50, { everyMs: 5 });
    expect(performance.now() - begun).toBeLessThan(8_000);
  });

  it('holds everything while stalled, closes nothing, and loses nothing when resumed', async () => {
    const before = await client();
    before.socket.write('before ');
    await waitFor('the first echo', () => before.state.received === 'before ');
    proxy.stall();
    before.socket.write('during');
    const during = await client();
    during.socket.write('new');
    await waitFor('both connections', () => proxy.connections === 2);
    expect(before.state).toEqual({ received: 'before ', ended: false, error: '' });
    expect(during.state).toEqual({ received: '', ended: false, error: '' });
    proxy.resume();
    await waitFor(
      'what was held',
      () => before.state.received === 'before during' && during.state.received === 'new',
    );
  });

  it('resets all connections when cut, and serves new ones', async () => {
    const [one, two] = [await client(), await client()];
    await waitFor('both connections', () => proxy.connections === 2);
    proxy.cut();
    await waitFor('the resets', () => one.state.error !== '' && two.state.error !== '');
    expect([one.state.error, two.state.error]).toEqual(['ECONNRESET', 'ECONNRESET']);
    const again = await client();
    again.socket.write('hello');
    await waitFor('the echo', () => again.state.received === 'hello');
  });

  it('cuts an answer in the middle after so many bytes, once', async () => {
    const { socket, state } = await client();
    proxy.cutAfterBytes(7);
    socket.write('12345');
    await waitFor('the first answer', () => state.received === '12345');
    socket.write('67890');
    // A reset that arrives together with bytes is told as an end by Node: a half answer is what matters here.
    await waitFor('the cut', () => state.error !== '' || state.ended);
    expect(state.received).toBe('1234567');
    const again = await client();
    again.socket.write('12345678901234567890');
    await waitFor('a whole answer', () => again.state.received === '12345678901234567890');
  });

  it('refuses connections once stopped, and can come back on the same port', async () => {
    const { state } = await client();
    const { port } = proxy;
    await proxy.stop();
    await waitFor('the reset', () => state.error !== '');
    await expect(dial(port)).rejects.toThrow('ECONNREFUSED');
    const address = echo.address();
    if (address === null || typeof address === 'string') throw new Error('the echo server has no port');
    proxy = await startProxy({ target: { host: '127.0.0.1', port: address.port }, port });
    const again = await client();
    again.socket.write('back');
    await waitFor('the echo', () => again.state.received === 'back');
  });

  it('resets the client when the target is not there', async () => {
    const address = echo.address();
    for (const socket of echoed.splice(0)) socket.destroy();
    await new Promise((resolve) => echo.close(resolve));
    const { state } = await client();
    await waitFor('the reset', () => state.error !== '');
    expect(state.received).toBe('');
    if (address !== null && typeof address !== 'string') echo.listen(address.port, '127.0.0.1');
    await once(echo, 'listening');
  });
});
