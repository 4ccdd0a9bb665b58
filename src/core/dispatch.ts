import type { AvroContract } from './contract.ts';
import type { EventDefinition, PayloadCheck } from './event.ts';
import type { JobDefinition } from './job.ts';
import { names } from './names.ts';
import { isZod } from './payload.ts';

/** How the payload of a dispatched job travels. */
export type DispatchFormat =
  | { readonly kind: 'json'; readonly type: string; readonly check: PayloadCheck }
  | {
      readonly kind: 'avro';
      readonly type: string;
      readonly check: PayloadCheck;
      readonly contract: AvroContract<unknown>;
    }
  | {
      readonly kind: 'event';
      readonly type: string;
      readonly check: PayloadCheck;
      readonly event: EventDefinition<unknown>;
    };

/** The format for dispatches of a job type; undefined when it can only be triggered. */
export const dispatchFormat = (ns: string, job: JobDefinition<unknown>): DispatchFormat | undefined => {
  const type = names.inbox(ns, job.type);
  const { payload } = job;
  if (isZod(payload)) return { kind: 'json', type, check: payload };
  if (payload !== undefined) return { kind: 'avro', type, check: payload.check, contract: payload.avro };
  const [only, another] = job.triggers;
  if (only === undefined || another !== undefined || only.mapped) return undefined;
  return { kind: 'event', type: only.event.type, check: only.event.check, event: only.event };
};
