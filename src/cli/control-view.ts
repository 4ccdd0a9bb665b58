import type { ControlRule } from '../core/control-rules.ts';
import { targetWords } from '../core/control-rules.ts';
import { durationName } from '../core/duration.ts';
import type { TenantLimits } from '../core/queue.ts';
import type { ControlChange } from '../runtime/control/index.ts';
import { shortName, timeWords } from '../runtime/inspection/index.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { renderJson, renderTable } from './table.ts';
import { printable, type Terminal } from './terminal.ts';

/** What a rule orders, for people. */
const ruleWords = (rule: ControlRule): string => {
  switch (rule.kind) {
    case 'pause':
      return `${targetWords(rule.target)} is ${rule.guard === undefined ? 'paused' : 'suspended'}`;
    case 'cancel':
      return `job ${rule.jobId} (${rule.jobType}) is cancelled`;
    case 'purge':
      return `job type ${rule.jobType}: what was asked for before is purged`;
    case 'limit':
      return `queue ${rule.queue}${rule.tenant === undefined ? '' : `, tenant ${rule.tenant}`}: ${limitWords(rule)}`;
  }
};

/** Limits in few words; empty where there are none. */
export const limitWords = ({
  concurrency,
  limit,
  startRate,
}: { readonly [N in 'concurrency' | 'limit' | 'startRate']?: TenantLimits[N] | undefined }): string =>
  [
    ...(concurrency === undefined ? [] : [`concurrency ${concurrency}`]),
    ...(limit === undefined ? [] : [`limit ${limit}`]),
    ...(startRate === undefined ? [] : [`start rate ${startRate.count}/${durationName(startRate.perMs)}`]),
  ].join(', ');

/** The rules as a table, the newest last. */
export const ruleTable = (terminal: Terminal, rules: readonly ControlRule[], nowMs: number): string =>
  renderTable(
    terminal,
    [
      { title: 'IN FORCE', cell: ruleWords, cuttable: false },
      { title: 'SINCE', cell: ({ atMs }) => timeWords(atMs, nowMs) },
      { title: 'BY', cell: ({ actor }) => shortName(actor) },
      { title: 'BECAUSE', cell: ({ reason }) => reason },
    ],
    [...rules].sort((a, b) => a.atMs - b.atMs),
  );

/** Tells what became of changes; answers what the command ends with. */
export const tellChanges = (
  terminal: Terminal,
  changes: readonly ControlChange[],
  isJson: boolean,
): ExitCode => {
  if (isJson) terminal.out(renderJson({ changes }));
  else {
    for (const { outcome, subject, detail } of changes)
      terminal.out(printable(`${outcome.replaceAll('_', ' ')}  ${subject}  ${detail}`));
    if (changes.some(({ outcome }) => outcome.startsWith('would')))
      terminal.out('Nothing was changed: add --run to do it.');
  }
  return changes.some(({ outcome }) => outcome === 'refused') ? EXIT.refused : EXIT.done;
};
