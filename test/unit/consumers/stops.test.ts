import { expect, it } from 'vitest';
import { StartControl } from '../../../src/consumers/control/start-control.ts';
import { Stops } from '../../../src/consumers/stops.ts';
import { Suspensions } from '../../../src/consumers/suspensions.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { onInvoice } from './bench.ts';

const setUp = () => {
  const clock = manualClock(1_000);
  const state = { down: false };
  const outages: string[] = [];
  const suspensions = new Suspensions();
  const control = new StartControl();
  const limits = { outagesOf: () => outages };
  const stops = new Stops({ clock, control, limits, suspensions, state, job: onInvoice() });
  return { stops, clock, state, outages, suspensions, control };
};

it('knows since when each thing is wrong, not since when it was noticed last', () => {
  const { stops, clock } = setUp();
  stops.note('registry', true);
  clock.advance(5_000);
  stops.note('registry', true);
  expect(stops.facts()).toEqual([{ scope: 'type', sinceMs: 1_000 }]);
  stops.note('registry', false);
  stops.note('registry', true);
  expect(stops.facts()).toEqual([{ scope: 'type', sinceMs: 6_000 }]);
});

it('is stopped by records that are too large until the last of them fits', () => {
  const { stops } = setUp();
  stops.noteTooLarge('a/0/1', true);
  stops.noteTooLarge('a/0/2', true);
  stops.noteTooLarge('a/0/1', false);
  expect(stops.list()).toEqual(['ESTEIRA_RECORD_TOO_LARGE']);
  stops.noteTooLarge('a/0/2', false);
  expect(stops.list()).toEqual([]);
});

it('is stopped while the state store or the limits are out of reach, each since it was seen', () => {
  const { stops, state, outages, clock } = setUp();
  state.down = true;
  outages.push('limits out of reach: slots');
  expect(stops.list()).toEqual(['ESTEIRA_STATE_UNAVAILABLE', 'limits out of reach: slots']);
  clock.advance(1_000);
  state.down = false;
  expect(stops.facts()).toEqual([{ scope: 'type', sinceMs: 1_000 }]);
  outages.length = 0;
  expect(stops.facts()).toEqual([]);
});

it('tells dependencies and guards of a tenant apart from those of all, with their own times', () => {
  const { stops, suspensions, control } = setUp();
  const down = { tenant: 'acme', dependency: 'mail', askedMs: undefined };
  suspensions.down({ ...down, nowMs: 700 });
  control.suspend({
    ...{ v: 1, kind: 'pause', atMs: 800, actor: 'guard', reason: 'too many', auditId: 'a' },
    ...{ target: { what: 'type', jobType: 'settle' }, guard: { dead: 5, of: 10 } },
  });
  expect(stops.list()).toEqual(['dependency mail']);
  expect(stops.facts()).toEqual([
    { scope: 'tenant', sinceMs: 700 },
    { scope: 'type', sinceMs: 800 },
  ]);
});

it('says to others what this process has stopped by itself, and not what stands on the control topic', () => {
  const { stops, suspensions, control, state } = setUp();
  state.down = true;
  suspensions.down({ tenant: 'acme', dependency: 'mail', askedMs: 5_000, nowMs: 700 });
  control.suspend({
    ...{ v: 1, kind: 'pause', atMs: 800, actor: 'guard', reason: 'too many', auditId: 'a' },
    ...{ target: { what: 'type', jobType: 'settle' }, guard: { dead: 5, of: 10 } },
  });
  expect(stops.causes()).toEqual([
    { kind: 'problem', what: 'ESTEIRA_STATE_UNAVAILABLE', sinceMs: 1_000 },
    { kind: 'dependency', what: 'mail', tenant: 'acme', sinceMs: 700, nextTryMs: 5_700 },
  ]);
});
