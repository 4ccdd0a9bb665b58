import { createServer } from 'node:net';

const LOWEST = 10_000;
const HIGHEST = 32_000;

/**
 * Free loopback ports, all different. They lie below the range from which systems take the local ports of
 * outgoing connections: a service killed and started again would else find its port taken by a client, and a
 * client that keeps dialling the dead port could, on loopback, be connected to itself.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let tries = 0; ports.size < count && tries < 50 * count; tries += 1) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (!ports.has(port) && (await isFree(port))) ports.add(port);
  }
  if (ports.size < count)
    throw new Error(`No ${count} free ports between ${LOWEST} and ${HIGHEST} on 127.0.0.1`);
  return [...ports];
}

/** Whether a server could listen on this loopback port now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
