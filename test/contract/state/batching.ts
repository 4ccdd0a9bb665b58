import { expect, test } from 'vitest';
import type { ClaimAnswer, StateStore } from '../../../src/core/ports/state.ts';
import { aJob, claim, claimOf, claimRun, completeOf, decideOf, one, type StateFixture } from './fixture.ts';

const fenceOf = (answer: ClaimAnswer | undefined): number => {
  if (answer?.kind !== 'run') throw new Error(`answered ${answer?.kind}`);
  return answer.fence;
};

/** Many requests at once, many processes at once, any bytes. */
export const describeBatching = (store: () => StateStore, fixture: StateFixture): void => {
  test('two processes racing for 200 keys: each key is run by exactly one', async () => {
    const jobs = Array.from({ length: 200 }, (_, i) => aJob({ tenant: `acme-${i % 7}` }));
    const other = await fixture.open();
    const rounds = [0, 50, 100, 150].flatMap((from) =>
      [store(), other].map((asker) =>
        asker
          .claim(jobs.slice(from, from + 50).map((job) => claimOf(job)))
          .then((answers) => ({ from, answers })),
      ),
    );
    const runs = new Map<string, number>();
    const kinds = new Set<string>();
    for (const { from, answers } of await Promise.all(rounds)) {
      answers.forEach((answer, i) => {
        kinds.add(answer.kind);
        const key = jobs[from + i]?.idempotencyKey ?? '';
        if (answer.kind === 'run') runs.set(key, (runs.get(key) ?? 0) + 1);
      });
    }
    expect([...runs.values()]).toEqual(Array.from({ length: 200 }, () => 1));
    expect([...kinds].sort()).toEqual(['run', 'running']);
  });

  test('all fences of a tenant grow, whatever gave its claims back', async () => {
    const job = aJob();
    const fences: number[] = [];
    const take = async (hop = 0): Promise<number> => {
      const { fence } = await claimRun(store(), job, { hop, maxStarts: 99, maxAttempts: 99 });
      fences.push(fence);
      return fence;
    };
    for (let i = 0; i < 5; i += 1) await store().release([{ ...job, fence: await take(), leaseMs: 0 }]);
    for (let hop = 1; hop < 5; hop += 1) await store().decide([decideOf(job, await take(hop), { hop })]);
    for (let i = 0; i < 5; i += 1) {
      const { fence } = await claimRun(store(), job, { hop: 5, leaseMs: 0, maxStarts: 99 });
      fences.push(fence);
    }
    const together = await store().claim(
      Array.from({ length: 5 }, () => claimOf(aJob({ tenant: job.tenant }))),
    );
    fences.push(...together.map(fenceOf));
    expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b));
    expect(Math.max(...fences)).toBeLessThan(Number.MAX_SAFE_INTEGER);
  });

  test('requests of one key in one batch are answered as if one came after the other', async () => {
    const job = aJob();
    const claims = await store().claim([
      claimOf(job, { run: 'r1', leaseMs: 0 }),
      claimOf(job, { run: 'r1' }),
      claimOf(job, { run: 'r2' }),
    ]);
    expect(claims.map(({ kind }) => kind)).toEqual(['run', 'run', 'running']);
    const fence = fenceOf(claims[0]);
    const completions = await store().complete([
      completeOf(job, fence + 1),
      completeOf(job, fence),
      completeOf(job, fence),
    ]);
    expect(completions).toEqual(['fenced', 'completed', 'already']);

    const decided = aJob();
    const decisions = await store().decide([
      decideOf(decided, undefined),
      decideOf(decided, undefined),
      decideOf(decided, undefined, { position: 'billing.events/3/99' }),
      decideOf(decided, undefined, { hop: 1 }),
      decideOf(decided, undefined),
    ]);
    expect(decisions.map(({ kind }) => kind)).toEqual([
      ...['stored', 'decided', 'superseded'],
      ...['stored', 'superseded'],
    ]);
  });

  test('a batch of 1,200 is answered in its order, equal keys far apart included', async () => {
    const tenant = aJob().tenant;
    const jobs = Array.from({ length: 600 }, (_, i) => aJob({ tenant, jobType: `type-${i % 2}` }));
    const answers = await store().claim([...jobs, ...jobs].map((job) => claimOf(job)));
    expect(answers.map(({ kind }) => kind)).toEqual([...jobs.map(() => 'run'), ...jobs.map(() => 'running')]);
    const fences = answers.slice(0, 600).map(fenceOf);
    const wrong = jobs.map((job, i) => completeOf(job, (fences[i] ?? 0) + (i % 3 === 0 ? 1 : 0)));
    const completions = await store().complete(wrong);
    expect(completions).toEqual(jobs.map((_, i) => (i % 3 === 0 ? 'fenced' : 'completed')));
  });

  test('nothing asked is nothing answered', async () => {
    expect(await store().claim([])).toEqual([]);
    expect(await store().told([])).toBeUndefined();
  });

  test('events and decisions come back byte by byte', async () => {
    const every = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const large = Buffer.alloc(300_000, every);
    for (const bytes of [every, large, Buffer.alloc(0), Buffer.from([0]), Buffer.from('\r\n$5\r\n')]) {
      const done = aJob();
      await store().complete([completeOf(done, 1, { event: bytes })]);
      const found = await claim(store(), done);
      expect(found.kind === 'done' && found.event?.equals(bytes)).toBe(true);
      const decided = aJob();
      await store().decide([decideOf(decided, undefined, { decision: bytes })]);
      const again = await claim(store(), decided);
      expect(again.kind === 'decided' && again.decision.equals(bytes)).toBe(true);
    }
  });

  test('bytes given are kept as they were, whatever the caller does to its buffer afterwards', async () => {
    const job = aJob();
    const event = Buffer.from('before');
    await store().complete([completeOf(job, 1, { event })]);
    event.write('after!');
    expect(await claim(store(), job)).toMatchObject({ event: Buffer.from('before') });
  });

  test('names and positions may be any text', async () => {
    const job = aJob({ tenant: 'Açaí & Söhne {1}:2', idempotencyKey: 'ключ\n\0~x', jobId: '任务 1' });
    const unique = { ...job, jobType: `typ\0e-${aJob().jobId}` };
    const text = { run: 'läuft\0', position: 'zürich/0/1', origin: 'zürich/0/1 \0' };
    const { fence } = await claimRun(store(), unique, text);
    expect(await claim(store(), unique, text)).toMatchObject({ kind: 'run', fence });
    await store().decide([decideOf(unique, fence, text)]);
    const superseded = await claim(store(), unique, { position: 'zurich/0/1' });
    expect(superseded).toEqual({ kind: 'superseded', origin: text.origin });
    expect(await one(store().decide([decideOf(unique, fence, text)]))).toMatchObject({ kind: 'decided' });
  });
};
