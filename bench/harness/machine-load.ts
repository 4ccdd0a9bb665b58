import { readFileSync } from 'node:fs';
import process from 'node:process';

/** What processors have done since the machine started, in clock ticks. */
export interface LoadSample {
  readonly atMs: number;
  /** Ticks in which some processor was busy, or taken away by the hypervisor. */
  readonly busyTicks: number;
  /** Ticks of this process, its ended children, and the services. */
  readonly ownTicks: number;
}

/** Clock ticks a second on every Linux there is. */
const TICKS_PER_SECOND = 100;

/** Busy ticks of the first line of /proc/stat: all but idle and waiting for a disk. */
export const busyTicksOf = (stat: string): number => {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (stat.split('\n')[0] ?? '')
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return user + nice + system + irq + softirq + steal;
};

/** Ticks of a process and, if asked, of its ended children, from its /proc/pid/stat. */
export const processTicksOf = (stat: string, withChildren: boolean): number => {
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15);
  return user + system + (withChildren ? childUser + childSystem : 0);
};

const ticksOf = (pid: number | 'self'): number => {
  try {
    return processTicksOf(readFileSync(`/proc/${pid}/stat`, 'utf8'), pid === 'self');
  } catch {
    return 0; // it has ended: what it used is with its parent
  }
};

/** Takes a sample; undefined on systems without /proc. */
export const sampleLoad = (servicePids: readonly number[]): LoadSample | undefined => {
  if (process.platform !== 'linux') return undefined;
  const ownTicks = servicePids.reduce((sum, pid) => sum + ticksOf(pid), ticksOf('self'));
  return { atMs: Date.now(), busyTicks: busyTicksOf(readFileSync('/proc/stat', 'utf8')), ownTicks };
};

/** Cores that others used between two samples. Work of the kernel that belongs to nobody counts as theirs. */
export const foreignCores = (from: LoadSample, to: LoadSample): number => {
  const seconds = (to.atMs - from.atMs) / 1_000;
  const ticks = to.busyTicks - from.busyTicks - (to.ownTicks - from.ownTicks);
  return seconds <= 0 ? 0 : Math.max(0, ticks / TICKS_PER_SECOND / seconds);
};
