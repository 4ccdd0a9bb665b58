import type { Program } from '../program.ts';
import { ratioOf } from '../statistics.ts';
import { esteira, esteiraWithoutTelemetry } from './esteira-contestant.ts';
import { calibrate, interleave, notesOf } from './interleaved.ts';

const telling = esteira('Esteira, telling two events a job');
const silent = esteiraWithoutTelemetry();

/** What telling costs: the same jobs with telemetry and without, in turn, and nothing else on the machine. */
export const telemetry: Program = {
  name: 'telemetry',
  what: 'jobs/s with two acknowledged telemetry events a job, and without',
  run: async (stage) => {
    const calibrated = [await calibrate(stage, telling), await calibrate(stage, silent)];
    const series = await interleave(stage, calibrated, stage.rounds);
    const [full, none] = series;
    return {
      figures: { telemetryCostRatio: ratioOf(full?.rates ?? [], none?.rates ?? []) },
      notes: series.flatMap(notesOf),
    };
  },
};
