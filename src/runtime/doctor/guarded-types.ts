import { isRuleSubject, resumeCommand, targetWords } from '../../core/control-rules.ts';
import { names } from '../../core/names.ts';
import { silentLog } from '../../core/ports/log.ts';
import { rulesOf } from '../control/control-follower.ts';
import { ControlReader } from '../control/control-reader.ts';
import { timeWords } from '../inspection/time-words.ts';
import { checksOf } from './check.ts';
import type { Probe } from './parts.ts';

const { ok, problem } = checksOf('groups');

/** What dead-letter guards have suspended: somebody must mend the cause and let it go on. */
export const guardedTypes: Probe = async ({ app, admin, nowMs }) => {
  const topic = names.control(app.name);
  // That it is missing is told elsewhere.
  if (!(await admin.describeTopics([topic])).has(topic)) return [];
  const reader = new ControlReader({ topic, admin, log: silentLog, keeps: isRuleSubject });
  await reader.look(nowMs());
  const suspended = rulesOf(reader.entries, silentLog).guarded();
  if (suspended.length === 0)
    return [ok('dead letters', 'no job type is suspended by its dead-letter guard')];
  return suspended.map(({ target, reason, atMs }) =>
    problem(
      'dead letters',
      `${targetWords(target)} is suspended by its dead-letter guard since ${timeWords(atMs, nowMs())}: ${reason}`,
      `see what died (\`esteira dlq list\`), mend the cause, then \`${resumeCommand(target)}\``,
    ),
  );
};
