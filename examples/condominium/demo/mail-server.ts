import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A mail service on loopback that can be down. */
export interface MailServer {
  readonly url: string;
  /** Letters delivered, by idempotency key, with how often each was. */
  readonly delivered: ReadonlyMap<string, number>;
  /** Requests it turned down. */
  readonly turnedDown: number;
  setUp(up: boolean): void;
  close(): Promise<void>;
}

/** Starts one, down at first. */
export const startMailServer = async (): Promise<MailServer> => {
  const delivered = new Map<string, number>();
  let up = false;
  let turnedDown = 0;
  const server = createServer((request, response) => {
    request.resume().once('end', () => {
      const key = request.headers['idempotency-key'];
      if (up && typeof key === 'string') delivered.set(key, (delivered.get(key) ?? 0) + 1);
      else turnedDown += 1;
      response.writeHead(up ? 202 : 503).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/send`,
    delivered,
    get turnedDown() {
      return turnedDown;
    },
    setUp: (nowUp) => {
      up = nowUp;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
