import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';

/** A dependency behind a real port, which is down until it is opened: whoever calls it meets `ECONNREFUSED`. */
export interface ClosedPort {
  /** Calls it, as a handler does; rejects with what the operating system says while it is down. */
  call(): Promise<void>;
  /** It is up from now on. */
  open(): Promise<void>;
  close(): Promise<void>;
}

const listening = async (port: number): Promise<Server> => {
  const server = createServer((socket) => socket.end());
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
};

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

const closed = async (server: Server): Promise<void> => {
  server.close();
  await once(server, 'close');
};

/** Finds a free port on the loopback, and leaves it closed. */
export const closedPort = async (): Promise<ClosedPort> => {
  const probe = await listening(0);
  const port = portOf(probe);
  await closed(probe);
  let server: Server | undefined;
  return {
    call: async () => {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      socket.destroy();
    },
    open: async () => {
      server = await listening(port);
    },
    close: async () => {
      if (server !== undefined) await closed(server);
    },
  };
};
