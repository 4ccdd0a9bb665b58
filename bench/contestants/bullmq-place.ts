import { z } from 'zod';

/** Where a queue lives. Keys begin with the prefix, so that they can be found and removed. */
export const BullmqPlace = z.object({ prefix: z.string(), queue: z.string() });

/** Host, port and password of a Redis URL, as BullMQ takes them. */
export const redisAddress = (url: string | undefined): { host: string; port: number; password?: string } => {
  const { hostname, port, password } = new URL(url ?? '');
  return {
    ...{ host: hostname, port: Number(port || 6_379) },
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
  };
};
