import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startOnDocker } from '../../../stack/docker-way.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { waitFor } from '../../support/wait.ts';

// No engine runs where these tests run: a stub stands for the client, and small servers for the containers.
const quiet = () => undefined;

const STUB = `#!/bin/sh
here=$(dirname "$0")
echo "$*" >> "$here/calls"
case "$*" in
  info*) exit "$(cat "$here/engine")" ;;
  *" up "*)
    if [ -e "$here/broken" ]; then echo "pull access denied" >&2; exit 1; fi
    echo "{\\"kafka\\":$KAFKA_PORT,\\"registry\\":$SCHEMA_REGISTRY_PORT,\\"redis\\":$REDIS_PORT}" > "$here/ports.tmp"
    mv "$here/ports.tmp" "$here/ports"
    ;;
esac
`;

/** Answers ApiVersions (key 18) with no error, and Metadata with one live broker, node 1. */
const kafkaAnswer = (request: Buffer): Buffer => {
  const isMetadata = request.readInt16BE(4) === 3;
  const broker = Buffer.from('00000001' + '00000001' + '0001' + '61' + '00000001' + 'ffff', 'hex');
  const body = isMetadata ? broker : Buffer.alloc(6);
  const head = Buffer.alloc(8);
  head.writeInt32BE(4 + body.length, 0);
  head.writeInt32BE(1, 4);
  return Buffer.concat([head, body]);
};

describe('the way by Docker', () => {
  let dir = '';
  const servers: Server[] = [];
  const calls = () => readFileSync(join(dir, 'calls'), 'utf8').trim().split('\n');
  const engine = (state: 'runs' | 'is down') =>
    writeFileSync(join(dir, 'engine'), state === 'runs' ? '0' : '1');
  const listen = (server: Server, port: number) =>
    new Promise<void>((resolve) => {
      servers.push(server);
      server.listen(port, '127.0.0.1', resolve);
    });

  beforeEach(() => {
    dir = temporaryFolder('docker');
    writeFileSync(join(dir, 'docker'), STUB);
    chmodSync(join(dir, 'docker'), 0o755);
    engine('runs');
    vi.stubEnv('PATH', `${dir}${delimiter}${process.env['PATH']}`);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    for (const server of servers.splice(0)) server.close();
  });

  it('is passed over when only the client is installed and no engine runs', async () => {
    engine('is down');
    await expect(startOnDocker({}, quiet)).rejects.toThrow('no engine answers');
    expect(calls()).toHaveLength(1);
  });

  it.each([
    [{ brokers: 3 as const }, 'one broker and one Redis'],
    [{ redis: 2 as const }, 'one broker and one Redis'],
    [{ control: true }, 'can be killed'],
    [{ dir: '/data' }, 'kept in volumes'],
  ])('is passed over when %j is asked for', async (options, reason) => {
    await expect(startOnDocker(options, quiet)).rejects.toThrow(reason);
    expect(existsSync(join(dir, 'calls'))).toBe(false);
  });

  it('starts the three services on free ports, waits until each answers, and removes at stop what it made', async () => {
    const starting = startOnDocker({}, quiet);
    await waitFor('the containers to be asked for', () => existsSync(join(dir, 'ports')));
    const ports: Record<'kafka' | 'registry' | 'redis', number> = JSON.parse(
      readFileSync(join(dir, 'ports'), 'utf8'),
    );
    await listen(
      createServer((socket) => socket.on('data', (bytes) => socket.write(kafkaAnswer(bytes)))),
      ports.kafka,
    );
    await listen(
      createHttpServer((_, response) => response.end('[]')),
      ports.registry,
    );
    await listen(
      createServer((socket) => socket.on('data', () => socket.write('+PONG\r\n'))),
      ports.redis,
    );

    const stack = await starting;

    expect(stack.way).toBe('docker');
    expect(stack.env).toEqual({
      KAFKA_BROKERS: `127.0.0.1:${ports.kafka}`,
      SCHEMA_REGISTRY_URL: `http://127.0.0.1:${ports.registry}/apis/ccompat/v7`,
      REDIS_URL: `redis://127.0.0.1:${ports.redis}`,
    });
    await expect(stack.brokers[0]?.kill()).rejects.toThrow('was not started by this stack');
    const up = calls().find((call) => call.includes(' up ')) ?? '';
    expect(up).toMatch(/ up --detach kafka redis registry$/);
    await stack.stop();
    expect(calls().at(-1)).toBe(up.replace(/ up .*/, ' down --volumes --remove-orphans'));
  });

  it('removes what it made when the start fails', async () => {
    writeFileSync(join(dir, 'broken'), '');
    await expect(startOnDocker({}, quiet)).rejects.toThrow('pull access denied');
    expect(calls().at(-1)).toMatch(/ down --volumes --remove-orphans$/);
  });
});
