import { planReplay, type ReplayParts } from '../../../../src/runtime/replay/index.ts';
import { makeWorld, type World } from '../../consumers/dead-letters/world.ts';

/** As fast as it goes, without a canary. */
export const QUICK = { rate: 0, canary: 0 };
export const reason = 'mended';

/** A shop in memory with dead letters, and operators who replay them. */
export const makeShop = async () => {
  const world = await makeWorld();
  const as = (name: string, ...roles: ReplayParts['operator']['roles']): ReplayParts => ({
    ...world.parts,
    operator: { name, roles },
  });
  const die = (count: number, died: Parameters<World['die']>[0] = {}) =>
    Promise.all(
      Array.from({ length: count }, (_, index) =>
        world.die({ key: `k${index}`, ...died, job: { id: `job-${index}`, ...died.job } }),
      ),
    );
  return {
    ...{ ...world, world, as, dieOften: die },
    plan: (parts: ReplayParts = world.parts) => planReplay(parts, { jobType: 'send-receipt', reason }),
    actions: async () => (await world.audits()).map(({ action }) => action),
    inbox: async () => (await world.read('shop.job.send-receipt')).length,
  };
};

export type Shop = Awaited<ReturnType<typeof makeShop>>;
