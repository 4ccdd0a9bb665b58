import { simpleShape } from '../contestants/app-shape.ts';
import { steadyStartMs } from '../harness/sizes.ts';
import type { Stage } from '../harness/stage.ts';
import type { Note, Program } from '../program.ts';
import { measuredOf, type WaitSummary } from '../statistics.ts';
import { millisecondsNote, runSteady, waitsOf } from './steady-run.ts';

const RATES = [500, 1_000, 5_000];
const SMALL_RATES = [1_000];
/** The rate the figures are about. */
const FIGURE_RATE = 1_000;
const CONCURRENCY = 100;
const KEYS = 1_000;

interface Waited extends WaitSummary {
  readonly publisherLateP99Ms: number;
}

const measure = async (stage: Stage, perSecond: number): Promise<Waited> => {
  const { warmSeconds, steadySeconds } = stage.sizes;
  const warm = warmSeconds * perSecond;
  const measured = {
    ...{ lane: 'measured', from: warm, count: steadySeconds * perSecond, keys: KEYS, perSecond },
    startAfterMs: steadyStartMs(stage.sizes),
  };
  const result = await runSteady(stage, {
    shape: simpleShape(stage.freshName('latency')),
    concurrency: CONCURRENCY,
    streams: [{ lane: 'warm', from: 0, count: warm, keys: KEYS, perSecond }, measured],
  });
  return { ...waitsOf(result, 'measured'), publisherLateP99Ms: result.publisherLateP99Ms };
};

const notesOf = (perSecond: number, runs: readonly Waited[]): readonly Note[] => [
  millisecondsNote(
    `publish to start at ${perSecond}/s, p50`,
    runs.map(({ p50Ms }) => p50Ms),
  ),
  millisecondsNote(
    `publish to start at ${perSecond}/s, p99`,
    runs.map(({ p99Ms }) => p99Ms),
  ),
  millisecondsNote(
    `the publisher's own lateness at ${perSecond}/s, p99`,
    runs.map(({ publisherLateP99Ms }) => publisherLateP99Ms),
  ),
];

/** (b) From publish to the start of the handler, telemetry on. */
export const latency: Program = {
  name: 'latency',
  what: 'publish to handler start at 500, 1,000 and 5,000/s, telemetry on',
  run: async (stage) => {
    const rates = stage.small ? SMALL_RATES : RATES;
    const runs = new Map(rates.map((rate) => [rate, [] as Waited[]]));
    for (let round = 0; round < stage.rounds; round += 1) {
      for (const rate of rates) runs.get(rate)?.push(await measure(stage, rate));
    }
    const atFigure = runs.get(FIGURE_RATE) ?? [];
    return {
      figures: {
        latencyP50Ms: measuredOf(atFigure.map(({ p50Ms }) => p50Ms)),
        latencyP99Ms: measuredOf(atFigure.map(({ p99Ms }) => p99Ms)),
      },
      notes: [...runs].flatMap(([rate, waited]) => notesOf(rate, waited)),
    };
  },
};
