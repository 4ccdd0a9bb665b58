import type { AppDefinition } from '../../core/app.ts';
import type { AvroContract } from '../../core/contract.ts';
import { type DispatchFormat, dispatchFormat } from '../../core/dispatch.ts';
import type { PayloadCheck } from '../../core/event.ts';
import type { JobDefinition } from '../../core/job.ts';
import type { Trigger } from '../../core/trigger.ts';

/** How a job of a type comes to be: by an event, or asked for. */
export type Way =
  | { readonly kind: 'event'; readonly trigger: Trigger<unknown> }
  | { readonly kind: 'dispatch'; readonly format: DispatchFormat };

/** Every way to a job of the type, its events first. */
export const waysTo = (app: Pick<AppDefinition, 'name'>, job: JobDefinition<unknown>): readonly Way[] => {
  const format = dispatchFormat(app.name, job);
  const isOwn = format !== undefined && (job.payload !== undefined || job.triggers.length === 0);
  return [
    ...job.triggers.map((trigger): Way => ({ kind: 'event', trigger })),
    ...(isOwn ? [{ kind: 'dispatch', format } as const] : []),
  ];
};

/** How people call it. */
export const wayName = (way: Way): string =>
  way.kind === 'event' ? `event ${way.trigger.event.type}` : 'its dispatch';

/** What its payload is held against. */
export const checkOf = (way: Way): PayloadCheck =>
  way.kind === 'event' ? way.trigger.event.check : way.format.check;

/** What its payload is written by; undefined where it travels as JSON. */
export const contractOf = (way: Way): AvroContract<unknown> | undefined => {
  if (way.kind === 'event') return way.trigger.event.contract;
  if (way.format.kind === 'json') return undefined;
  return way.format.kind === 'avro' ? way.format.contract : way.format.event.contract;
};
