import { chmod, mkdtemp, rename, rm } from 'node:fs/promises';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { EsteiraError } from '../../core/errors.ts';

/** Bytes that a path of a socket may have, and what the folder it is made in adds. */
const LONGEST_PATH = 107;
const MAKING = '-XXXXXX/s';

/** The socket beside a projection's file. */
export const socketOf = (path: string): string => `${path}.sock`;

/**
 * Listens on a socket that nobody but this user can reach, not even while it is made: it is made in a folder of its own,
 * and moved to its place when its rights are set. One that a dead process left there is replaced.
 *
 * @throws EsteiraError ESTEIRA_CONFIG_INVALID for a path that is too long for a socket
 */
export const listenOnSocket = async (server: Server, socket: string): Promise<void> => {
  const most = LONGEST_PATH - MAKING.length;
  if (Buffer.byteLength(socket) > most)
    throw new EsteiraError(
      'ESTEIRA_CONFIG_INVALID',
      `PROJECTION_PATH is too long for the socket beside it: ${socket} has ${Buffer.byteLength(socket)} bytes, and may have ${most}; give a shorter one`,
      { facts: { socket, most } },
    );
  const folder = await mkdtemp(`${socket}-`);
  try {
    const made = join(folder, 's');
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(made, () => {
        server.off('error', reject);
        resolve();
      });
    });
    await chmod(made, 0o600);
    await rename(made, socket);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
