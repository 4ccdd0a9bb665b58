import { readFileSync } from 'node:fs';

/** What a handler said it did, or, `gone`, that its process was killed. */
export interface Said {
  readonly what: 'start' | 'fail' | 'effect' | 'gone';
  readonly type: string;
  readonly id: string;
  readonly pid: number;
}

const isWhat = (text: string): text is Said['what'] => ['start', 'fail', 'effect', 'gone'].includes(text);

/** All that handlers said, of all processes, in its order. */
export const readSaid = (file: string): readonly Said[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [what = '', type = '', id = '', pid = ''] = line.split(' ');
      return isWhat(what) ? [{ what, type, id, pid: Number(pid) }] : [];
    });

/** Runs that began while one of the same job was under way in a process that lived, in words. */
export const overlaps = (said: readonly Said[]): readonly string[] => {
  const running = new Map<string, number>();
  const found: string[] = [];
  for (const { what, type, id, pid } of said) {
    const job = `${type} ${id}`;
    const other = running.get(job);
    if (what === 'gone') for (const [name, by] of running) if (by === pid) running.delete(name);
    if (what === 'start' && other !== undefined) found.push(`${job} in ${pid}, under way in ${other}`);
    if (what === 'start') running.set(job, pid);
    if ((what === 'effect' || what === 'fail') && other === pid) running.delete(job);
  }
  return found;
};

/** Ids of a job type in the order of their first effects. */
export const firstEffects = (said: readonly Said[], type: string): readonly string[] => [
  ...new Set(said.filter((one) => one.what === 'effect' && one.type === type).map(({ id }) => id)),
];

/**
 * Second effects, in words: only the death of a process between an effect and its done mark may lead to one, so those
 * behind an effect of a process that lived are told apart.
 */
export const secondEffects = (
  said: readonly Said[],
): { readonly afterDeath: readonly string[]; readonly others: readonly string[] } => {
  const killed = new Set(said.filter(({ what }) => what === 'gone').map(({ pid }) => pid));
  const last = new Map<string, number>();
  const afterDeath: string[] = [];
  const others: string[] = [];
  for (const { what, type, id, pid } of said) {
    if (what !== 'effect') continue;
    const before = last.get(`${type} ${id}`);
    if (before !== undefined)
      (killed.has(before) ? afterDeath : others).push(`${type} ${id} in ${before}, then ${pid}`);
    last.set(`${type} ${id}`, pid);
  }
  return { afterDeath, others };
};
