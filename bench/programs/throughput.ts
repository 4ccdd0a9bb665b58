import { simpleShape } from '../contestants/app-shape.ts';
import type { Stage } from '../harness/stage.ts';
import type { Findings, Program } from '../program.ts';
import { ratioOf } from '../statistics.ts';
import { esteira, esteiraWithoutTelemetry } from './esteira-contestant.ts';
import { type Calibrated, calibrate, interleave, notesOf, type Series } from './interleaved.ts';
import { bullmqBare, bullmqSameWork, rawKafkajs } from './rival-contestants.ts';

const FAIL_PERCENTS = [1, 10];

const unordered = esteira('Esteira, order none');
const ordered = esteira('Esteira, order key', { shape: (ns) => simpleShape(ns, { order: 'key' }) });
const silent = esteiraWithoutTelemetry();

const contestants = [unordered, ordered, rawKafkajs, bullmqSameWork, bullmqBare, silent];

const calibrateAll = async (stage: Stage): Promise<readonly Calibrated[]> => {
  const calibrated: Calibrated[] = [];
  for (const contestant of contestants) calibrated.push(await calibrate(stage, contestant));
  return calibrated;
};

const ratesIn = (series: readonly Series[], name: string): readonly number[] =>
  series.find((one) => one.name === name)?.rates ?? [];

const figuresIn = (series: readonly Series[]): Findings['figures'] => {
  const full = ratesIn(series, unordered.name);
  const raw = ratesIn(series, rawKafkajs.name);
  return {
    throughputVsBullmq: ratioOf(full, ratesIn(series, bullmqSameWork.name)),
    throughputVsBullmqBare: ratioOf(full, ratesIn(series, bullmqBare.name)),
    throughputVsRaw: ratioOf(full, raw),
    throughputNoTelemetryVsRaw: ratioOf(ratesIn(series, silent.name), raw),
    orderedRatio: ratioOf(ratesIn(series, ordered.name), full),
  };
};

/** With failures, once each: kafkajs has no retry to compare with, and a bare no-op nothing to repeat. */
const withFailures = async (stage: Stage, calibrated: readonly Calibrated[]): Promise<readonly Series[]> => {
  const found: Series[] = [];
  const able = calibrated.filter(({ contestant }) =>
    [unordered, ordered, bullmqSameWork].includes(contestant),
  );
  for (const failPercent of stage.small ? FAIL_PERCENTS.slice(-1) : FAIL_PERCENTS) {
    const failing = able.map(({ contestant, load }) => ({ contestant, load: { ...load, failPercent } }));
    found.push(...(await interleave(stage, failing, 1)));
  }
  return found;
};

/** (a) Jobs a second against kafkajs and BullMQ, order on and off, at 0, 1 and 10 % failures. */
export const throughput: Program = {
  name: 'throughput',
  what: 'jobs/s against raw kafkajs and BullMQ, order on and off, 0, 1 and 10 % failures',
  run: async (stage) => {
    const calibrated = await calibrateAll(stage);
    const series = await interleave(stage, calibrated, stage.rounds);
    const failing = await withFailures(stage, calibrated);
    return { figures: figuresIn(series), notes: [...series, ...failing].flatMap(notesOf) };
  },
};
