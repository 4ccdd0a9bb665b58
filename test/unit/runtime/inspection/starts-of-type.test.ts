import { expect, it } from 'vitest';
import type { PauseRule } from '../../../../src/core/control-rules.ts';
import { Controls } from '../../../../src/core/controls.ts';
import type { SaidOfType, StoppedReport } from '../../../../src/runtime/inspection/said-of-types.ts';
import { startsOfType } from '../../../../src/runtime/inspection/starts-of-type.ts';
import { onInvoice } from '../../consumers/bench.ts';

const rule = (target: PauseRule['target'], guard?: PauseRule['guard']): PauseRule => ({
  ...{ v: 1, kind: 'pause', atMs: 1, actor: 'ana', reason: 'r', auditId: 'a', target },
  ...(guard === undefined ? {} : { guard }),
});
const GUARD = { dead: 5, of: 10 };
const type = { what: 'type', jobType: 'settle' } as const;
const tenant = { what: 'tenant', tenant: 'acme', jobType: 'settle' } as const;

const down = (changes: Partial<StoppedReport> = {}): StoppedReport => ({
  ...{ kind: 'dependency', what: 'bank', tenant: null, since: '', nextTry: null, processes: 2 },
  ...changes,
});
const saying = (...stopped: readonly StoppedReport[]): SaidOfType => ({ running: 0, reporting: 2, stopped });

it.each([
  ['nothing is wrong', [], saying(), 'free'],
  ['an operator has paused the type', [rule(type)], saying(down()), 'paused'],
  ['an operator has paused the queue', [rule({ what: 'queue', queue: 'default' })], saying(), 'paused'],
  ['an operator has paused a tenant: `control list` says so', [rule(tenant)], saying(), 'free'],
  ['the guard has suspended the type', [rule(type, GUARD)], saying(), 'suspended'],
  ['the guard has suspended a tenant', [rule(tenant, GUARD)], saying(), 'in-part'],
  ['a dependency is down in all processes', [], saying(down()), 'suspended'],
  ['a dependency is down in one of two', [], saying(down({ processes: 1 })), 'in-part'],
  ['a dependency is down for a tenant', [], saying(down({ tenant: 'acme' })), 'in-part'],
  ['all processes have a problem', [], saying(down({ kind: 'problem' })), 'stopped'],
] as const)('%s', (_, rules, said, starts) => {
  expect(startsOfType(new Controls(rules), onInvoice(), said, 2)).toBe(starts);
});

it('a process that says nothing may start', () => {
  expect(startsOfType(new Controls([]), onInvoice(), saying(down()), 3)).toBe('in-part');
});

it('where no process says anything nobody knows', () => {
  const silent: SaidOfType = { running: null, reporting: 0, stopped: [] };
  expect(startsOfType(new Controls([]), onInvoice(), silent, 0)).toBe('unknown');
});
