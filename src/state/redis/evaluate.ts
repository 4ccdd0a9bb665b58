import { createHash } from 'node:crypto';
import type { Evaluate } from './batch-script.ts';
import type { RedisCommands } from './redis-connection.ts';
import { isReplyError } from './redis-errors.ts';
import { list } from './replies.ts';

const hashes = new Map<string, string>();

const hashOf = (source: string): string => {
  const known = hashes.get(source);
  if (known !== undefined) return known;
  const hash = createHash('sha1').update(source).digest('hex');
  hashes.set(source, hash);
  return hash;
};

/** Calls a script by its hash; a server that does not know it (new, restarted or flushed) gets the source. */
export const evaluateOn =
  (commands: RedisCommands): Evaluate =>
  async (source, words) => {
    try {
      return list(await commands.call('EVALSHA', [hashOf(source), ...words]));
    } catch (error) {
      if (!isReplyError(error, 'NOSCRIPT')) throw error;
      return list(await commands.call('EVAL', [source, ...words]));
    }
  };
