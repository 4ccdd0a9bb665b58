import type { ServiceProcess } from './handle.ts';

/** A service that runs already and belongs to someone else: it can be used, not stopped. */
export function givenService(name: string, host: string, port: number): ServiceProcess {
  const refuse = (): never => {
    throw new Error(
      `${name} at ${host}:${port} was not started by this stack; start one with \`control: true\``,
    );
  };
  return {
    name,
    host,
    port,
    pid: 0,
    kill: async () => refuse(),
    start: async () => refuse(),
    freeze: refuse,
    thaw: refuse,
    isAlive: () => true,
  };
}
