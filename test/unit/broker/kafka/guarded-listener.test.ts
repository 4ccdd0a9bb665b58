import { expect, it } from 'vitest';
import { GuardedListener } from '../../../../src/broker/kafka/guarded-listener.ts';
import type { ConsumerListener } from '../../../../src/core/ports/broker.ts';

const listener = (told: string[], breaks: boolean): ConsumerListener => ({
  onAssigned: () => {
    told.push('assigned');
    throw new TypeError('broken');
  },
  onBatch: () => told.push('batch'),
  onOffsetProblem: () => told.push('problem'),
  onCrash: (error) => {
    told.push(error.message);
    if (breaks) throw error;
  },
});

it('a listener that throws is told of the crash and of nothing else, and nobody above hears its exception', () => {
  for (const breaks of [false, true]) {
    const told: string[] = [];
    const breaches: Error[] = [];
    const guarded = new GuardedListener(listener(told, breaks), (error) => breaches.push(error));
    guarded.tell((one) => one.onAssigned({ epoch: 1, partitions: [], committed: [], sameMember: false }));
    guarded.tell((one) => one.onOffsetProblem([]));
    expect(told).toEqual(['assigned', 'broken']);
    expect(breaches).toHaveLength(1);
  }
});
