import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { givenAddresses, useEnvironment } from '../../../stack/environment-way.ts';
import { redisAnswers } from '../../../stack/readiness.ts';

const quiet = () => undefined;
const ALL = { KAFKA_BROKERS: 'a:1', SCHEMA_REGISTRY_URL: 'http://b:2', REDIS_URL: 'redis://c:3' };
const servers: Server[] = [];

const listening = (onData: (bytes: Buffer) => string): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.on('error', quiet);
      socket.on('data', (bytes) => {
        const answer = onData(bytes);
        if (answer) socket.write(answer);
      });
    });
    servers.push(server);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : 0);
    });
  });

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

describe('addresses in the environment', () => {
  it('are taken when all that are needed are set, and nothing else with them', () => {
    expect(givenAddresses({}, { ...ALL, PATH: '/bin' })).toEqual(ALL);
    const { SCHEMA_REGISTRY_URL: _, ...withoutRegistry } = ALL;
    expect(givenAddresses({ registry: false }, withoutRegistry)).toEqual(withoutRegistry);
  });

  it('are refused with the names of those that are missing', () => {
    expect(() => givenAddresses({ redis: 2 }, { KAFKA_BROKERS: 'a:1', SCHEMA_REGISTRY_URL: '' })).toThrow(
      'not set: REDIS_URL, SCHEMA_REGISTRY_URL, REDIS_URL_2',
    );
  });

  it('are refused when fewer brokers are named than asked for', async () => {
    await expect(useEnvironment({ brokers: 3 }, quiet, ALL)).rejects.toThrow(
      'names 1 brokers; 3 were asked for',
    );
  });

  it('are refused when something listens there that does not speak the protocol, and this is told', async () => {
    const port = await listening(() => 'HTTP/1.1 400 Bad Request\r\n\r\n');
    const told: string[] = [];
    const environment = { ...ALL, KAFKA_BROKERS: `127.0.0.1:${port}` };
    const result = useEnvironment({}, (line) => told.push(line), environment);
    await expect(result).rejects.toThrow(`KAFKA_BROKERS is set, but 127.0.0.1:${port} does not answer`);
    expect(told).toHaveLength(1);
  });

  it('are not used when services that can be killed are asked for', async () => {
    await expect(useEnvironment({ control: true }, quiet, ALL)).rejects.toThrow('can be killed');
  });

  it('Redis is ready when it answers PONG, not while it loads its file', async () => {
    const loading = await listening(() => '-LOADING Redis is loading the dataset in memory\r\n');
    const loaded = await listening(() => '+PONG\r\n');
    expect(await redisAnswers(loading)).toBe(false);
    expect(await redisAnswers(loaded)).toBe(true);
  });
});
