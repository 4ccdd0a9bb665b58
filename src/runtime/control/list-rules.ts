import type { Controls } from '../../core/controls.ts';
import { type ControlLogSource, withControlLog } from './change-rule.ts';
import { rulesOf } from './control-follower.ts';

/**
 * Everything that operators have ordered and that stands.
 *
 * @throws EsteiraError ESTEIRA_TOPICS_DIFFER, ESTEIRA_SERVICE_UNREACHABLE, ESTEIRA_BROKER_UNAVAILABLE
 */
export const controlRules = (parts: ControlLogSource): Promise<Controls> =>
  withControlLog(parts, async (control) => rulesOf(await control.read(''), parts.log));
