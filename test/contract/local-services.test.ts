import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Stack, startStack } from '../../stack/index.ts';
import { kafkaAnswers, registryAnswers } from '../../stack/readiness.ts';

/** One command to Redis, its answer as text; undefined when none comes in time. */
const redis = (port: number, command: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 2_000 }, () => socket.write(`${command}\r\n`));
    socket.once('data', (bytes) => {
      resolve(bytes.toString().trim());
      socket.destroy();
    });
    socket.once('timeout', () => socket.destroy());
    socket.once('error', () => resolve(undefined));
    socket.once('close', () => resolve(undefined));
  });

const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('the local services', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ control: true, quiet: true });
  }, 600_000);
  afterAll(() => stack.stop());

  it('a killed broker comes back on its port', async () => {
    const [broker] = stack.brokers;
    if (broker === undefined) throw new Error('no broker');
    await broker.kill();
    await expect(kafkaAnswers(broker.port, [1])).rejects.toThrow();
    await broker.start();
    expect(await kafkaAnswers(broker.port, [1])).toBe(true);
  });

  it('a killed Redis comes back with its file, or without it when told so', async () => {
    const [server] = stack.redis;
    if (server === undefined) throw new Error('no Redis');
    await redis(server.port, 'SET kept yes');
    await server.kill();
    await server.start();
    expect(await redis(server.port, 'GET kept')).toBe('$3\r\nyes'); // written before it was acknowledged
    await server.kill();
    await server.start({ keepData: false });
    expect(await redis(server.port, 'GET kept')).toBe('$-1');
  });

  it('a killed registry comes back with the same schema ids; a frozen one answers nothing', async () => {
    const { registry } = stack;
    if (registry === undefined) throw new Error('no registry');
    const response = await fetch(`${registry.url}/subjects/stack-value/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({ schema: '"string"' }),
    });
    const { id } = z.object({ id: z.number() }).parse(await response.json());
    await registry.kill();
    await registry.start();
    expect(await (await fetch(`${registry.url}/schemas/ids/${id}`)).json()).toMatchObject({
      schema: '"string"',
    });
    registry.freeze();
    await expect(registryAnswers(registry.url)).rejects.toThrow();
    registry.thaw();
    expect(await registryAnswers(registry.url)).toBe(true);
  });

  it('nothing of a stack is left after its stop', async () => {
    const second = await startStack({ control: true, quiet: true, registry: false });
    const pids = [...second.brokers, ...second.redis].map(({ pid }) => pid);
    expect(pids.every(alive)).toBe(true);
    await second.stop();
    expect(pids.some(alive)).toBe(false);
  });
});
