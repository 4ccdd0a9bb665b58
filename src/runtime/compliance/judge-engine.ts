import { judgeChecked, judgeSecret, playBroken } from './engine/broken-deliveries.ts';
import { judgeContext, judgeIdempotent, playTwice, reachedHandler } from './engine/delivered-twice.ts';
import { countEvents } from './engine/evidence.ts';
import { playFailing } from './engine/failing-for-ever.ts';
import { judgeTime, playHanging } from './engine/hanging.ts';
import {
  judgeBackoff,
  judgeBound,
  judgeDeadLetter,
  judgeLogs,
  judgeMetrics,
  judgeRedaction,
  judgeTelemetry,
} from './engine/judge-failing.ts';
import { judgeNeighbours, playNeighbours } from './engine/neighbours.ts';
import type { Script } from './engine/stage.ts';
import { judgeTenants, playStrangers } from './engine/strangers.ts';
import { about, type Finding } from './finding.ts';

/** A job whose key is another at each look is another job too: what runs long could not be told from its stand-in. */
const timeBound = async (script: Script, idempotent: Finding): Promise<Finding> =>
  idempotent.verdict === 'breach'
    ? about('time-bounded').unproved(
        'not played: it is not known which deliveries are the same job',
        'mend idempotent first',
      )
    : judgeTime(await playHanging(script));

/**
 * Plays a job type with stand-ins in the place of its handler, so that its policy, keys, checks and contracts meet the
 * real engine; undefined where the sample came to no start.
 */
export const judgeEngine = async (script: Script): Promise<readonly Finding[] | undefined> => {
  const twice = await playTwice(script);
  if (!reachedHandler(twice)) return undefined;
  const idempotent = judgeIdempotent(twice);
  const failing = await playFailing(script);
  const broken = await playBroken(script);
  return [
    idempotent,
    judgeContext(twice),
    judgeTenants(await playStrangers(script)),
    judgeNeighbours(await playNeighbours(script)),
    judgeChecked(broken),
    judgeBound(failing),
    judgeBackoff(failing),
    judgeDeadLetter(failing),
    await timeBound(script, idempotent),
    judgeLogs(failing),
    judgeMetrics(failing, script.job.type),
    judgeTelemetry(failing, { made: twice.starts.length, told: countEvents(twice, 'job.completed') }),
    judgeSecret(broken),
    judgeRedaction(failing),
  ];
};
