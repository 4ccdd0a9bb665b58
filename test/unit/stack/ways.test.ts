import { describe, expect, it } from 'vitest';
import type { Stack } from '../../../stack/handle.ts';
import { Obstacle } from '../../../stack/obstacle.ts';
import { startFirstWay, type Way } from '../../../stack/ways.ts';

const quiet = () => undefined;
const stack: Stack = { way: 'docker', env: {}, brokers: [], redis: [], stop: async () => undefined };
const blocked = (title: string, reason: string): Way => ({
  title,
  start: () => Promise.reject(new Obstacle(reason)),
});

describe('the ways to services', () => {
  it('are tried in order until one works; later ones are left alone', async () => {
    const never: Way = { title: 'never', start: () => Promise.reject(new Error('must not be tried')) };
    const ways = [blocked('first', 'closed'), { title: 'second', start: async () => stack }, never];
    expect(await startFirstWay({}, quiet, ways)).toBe(stack);
  });

  it('fail with one error that tells each reason and what to do', async () => {
    const ways = [blocked('Docker', 'no engine'), blocked('Java and Maven', 'no Java found')];
    const error: unknown = await startFirstWay({}, quiet, ways).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AggregateError);
    expect(String(error)).toMatch(
      /1\. Docker: no engine\n\s+2\. Java and Maven: no Java found\nDo one of these:/,
    );
  });
});
