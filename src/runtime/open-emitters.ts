import type { AppDefinition } from '../core/app.ts';
import { systemClock } from '../core/clock.ts';
import { EsteiraError } from '../core/errors.ts';
import type { Log } from '../core/ports/log.ts';
import { CompositeTelemetryEmitter } from '../telemetry/emitters/composite-emitter.ts';

/** The name under which the telemetry topic itself has its numbers. */
export const TOPIC_EMITTER = 'kafka';

/**
 * Makes the emitters of an app; undefined where it has none.
 *
 * @throws EsteiraError ESTEIRA_DEFINITION_INVALID for two of one name, and what their constructors throw.
 */
export const openEmitters = (
  { name, emitters = [] }: Pick<AppDefinition, 'name' | 'emitters'>,
  log: Log,
): CompositeTelemetryEmitter | undefined => {
  if (emitters.length === 0) return undefined;
  const made = emitters.map((make) => make({ app: name, log, clock: systemClock }));
  const composite = new CompositeTelemetryEmitter({ log, clock: systemClock }, made);
  const all = [TOPIC_EMITTER, ...composite.status().map(({ emitter }) => emitter)];
  const twice = all.find((one, index) => all.indexOf(one) !== index);
  if (twice === undefined) return composite;
  throw new EsteiraError(
    'ESTEIRA_DEFINITION_INVALID',
    `app ${name}: emitters: two are called ${twice}${twice === TOPIC_EMITTER ? ', which is the telemetry topic' : ''}: give each a name of its own`,
    { facts: { emitter: twice } },
  );
};
