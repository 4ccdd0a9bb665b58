import type { ReplayTurn } from '../../core/order/replay-turn.ts';
import type { ReplayPlanState } from '../../core/ports/order-state.ts';
import type { Explanation } from './explanation.ts';
import type { JobEvidence } from './job-evidence.ts';
import { timeWords } from './time-words.ts';

const LIFT = 'To end the replay and let what comes next run: `esteira keys unblock`.';

const atItsTurn = ({ nowMs }: JobEvidence, { head, by }: ReplayPlanState): Explanation | undefined =>
  head === undefined || head.dead !== undefined
    ? undefined
    : {
        ...{ state: 'retrying', waitsFor: head.dueMs <= nowMs ? 'worker' : 'due-time', dueMs: head.dueMs },
        says: `It is replayed in order (${by}), failed, and waits at its turn for attempt ${head.attempt}, due at ${timeWords(head.dueMs, nowMs)}; what is dead behind it, and what has arrived since, waits for it.`,
        todo: `Nothing: it goes on by itself. ${LIFT}`,
      };

const atATurn = (
  evidence: JobEvidence,
  replay: ReplayPlanState,
  { index }: ReplayTurn,
): Explanation | undefined => {
  if (replay.state === 'prepared')
    return {
      ...{ state: 'parked', waitsFor: 'operator' },
      says: `It is number ${index} of the dead letters of its ordering key that ${replay.by} replays in order, and that has not begun.`,
      todo: `See what became of ${replay.by}, and take it up again. ${LIFT}`,
    };
  if (index <= replay.done + 1) return atItsTurn(evidence, replay);
  return {
    ...{ state: 'parked', waitsFor: 'head' },
    says: `It is number ${index} of the ${replay.count} dead letters of its ordering key that ${replay.by} replays in order: ${replay.done} are done.`,
    todo: 'It goes on when those before it have completed; if one dies, it stays dead.',
  };
};

/** What an ordered replay of its held key says; undefined where there is none, or nothing waits for it. */
export const explainReplay = (evidence: JobEvidence): Explanation | undefined => {
  const { order, delivery } = evidence;
  const replay = order?.state.replay;
  if (order === undefined || replay === undefined || replay.state === 'ended') return undefined;
  const turn = delivery?.order?.turn;
  if (turn !== undefined) return turn.plan === replay.plan ? atATurn(evidence, replay, turn) : undefined;
  const isPassed = order.state.passed !== undefined && order.place <= order.state.passed;
  if (replay.state !== 'begun' || isPassed) return undefined;
  return {
    ...{ state: 'parked', waitsFor: 'head' },
    says: `Its ordering key was held, and ${replay.by} replays what is dead of it in order, before it: ${replay.done} of ${replay.count} are done.`,
    todo: `It goes on when they have completed; if one dies, it dies behind it. ${LIFT}`,
  };
};
