import type { MeasuredWindow } from '../contestants/stopwatch.ts';
import type { Stage } from '../harness/stage.ts';
import type { Note } from '../program.ts';
import { readable } from '../rounded.ts';
import { measuredOf } from '../statistics.ts';
import type { Contestant, Load } from './contestant.ts';

/** A contestant with the concurrency and the number of jobs that suit it. */
export interface Calibrated {
  readonly contestant: Contestant;
  readonly load: Load;
}

const rateOf = ({ jobs, seconds }: MeasuredWindow): number => jobs / seconds;

/** Jobs of a run, so that it takes as long as it should; a quarter of them is warm-up. */
const sized = (stage: Stage, rate: number): Pick<Load, 'jobs' | 'warm'> => {
  const { throughputSeconds, leastJobs, mostJobs } = stage.sizes;
  const jobs = Math.round(Math.min(mostJobs, Math.max(leastJobs, rate * throughputSeconds)));
  return { jobs, warm: Math.round(jobs / 4) };
};

/** Without a first run: for a run that only shows that everything works. */
const uncalibrated = (stage: Stage, contestant: Contestant): Calibrated => {
  const { concurrencies } = contestant;
  const concurrency = concurrencies[concurrencies.length >> 1] ?? 1;
  return { contestant, load: { ...sized(stage, 0), concurrency, failPercent: 0 } };
};

/** Tries every concurrency once, on a short run, and takes the best. */
export const calibrate = async (stage: Stage, contestant: Contestant): Promise<Calibrated> => {
  if (stage.small) return uncalibrated(stage, contestant);
  const { calibrationJobs: jobs } = stage.sizes;
  const tried: { concurrency: number; rate: number }[] = [];
  for (const concurrency of contestant.concurrencies) {
    const load = { jobs, warm: Math.round(jobs / 2), concurrency, failPercent: 0 };
    tried.push({ concurrency, rate: rateOf(await contestant.run(stage, load)) });
  }
  const best = tried.reduce((a, b) => (b.rate > a.rate ? b : a));
  stage.tell(`${contestant.name}: about ${readable(best.rate)}/s at concurrency ${best.concurrency}`);
  return { contestant, load: { ...sized(stage, best.rate), concurrency: best.concurrency, failPercent: 0 } };
};

/** The runs of one contestant, round by round. */
export interface Series {
  readonly name: string;
  readonly load: Load;
  readonly rates: readonly number[];
  readonly cpuMicros: readonly number[];
}

/** Runs all contestants in turn, `rounds` times: what disturbs one round disturbs all of them. */
export const interleave = async (
  stage: Stage,
  calibrated: readonly Calibrated[],
  rounds: number,
): Promise<readonly Series[]> => {
  const windows = calibrated.map((): MeasuredWindow[] => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [place, { contestant, load }] of calibrated.entries()) {
      const window = await contestant.run(stage, load);
      stage.tell(`${contestant.name}: ${readable(rateOf(window))}/s (round ${round + 1} of ${rounds})`);
      windows[place]?.push(window);
    }
  }
  return calibrated.map(({ contestant, load }, place) => ({
    name: contestant.name,
    load,
    rates: (windows[place] ?? []).map(rateOf),
    cpuMicros: (windows[place] ?? []).map(({ cpuMicrosPerJob }) => cpuMicrosPerJob),
  }));
};

/** The rows of a series for people. */
export const notesOf = ({ name, load, rates, cpuMicros }: Series): readonly Note[] => {
  const failing = load.failPercent === 0 ? '' : `, ${load.failPercent} % fail once`;
  const set = `${readable(load.jobs)} jobs, concurrency ${load.concurrency}${failing}`;
  return [
    { what: `${name} (${set})`, value: measuredOf(rates), unit: 'jobs/s' },
    { what: `${name}: CPU of its process`, value: measuredOf(cpuMicros), unit: 'us/job' },
  ];
};
