import type { AppDefinition } from '../../../core/app.ts';
import type { PayloadCheck } from '../../../core/event.ts';
import type { JobDefinition } from '../../../core/job.ts';
import { checkPayload } from '../../../core/payload.ts';
import { about, type Finding } from '../finding.ts';
import { checkOf, contractOf, type Way, wayName, waysTo } from '../way.ts';
import { brokenPayloads } from './broken-payloads.ts';
import { secretFields } from './field-names.ts';
import { makeSample } from './sample-value.ts';

type Judge = (app: AppDefinition, job: JobDefinition<unknown>) => readonly Finding[];

const refuses = (check: PayloadCheck, value: unknown): boolean => {
  try {
    return checkPayload(check, value).length > 0;
  } catch {
    // A rule of the app's that falls over a broken payload does not let it pass.
    return true;
  }
};

/** A check that takes everything is none: of a payload that is broken in every way it refuses at least one. */
const refusesNothing = (way: Way): boolean => {
  const check = checkOf(way);
  return !brokenPayloads(makeSample(contractOf(way), check)).some(({ value }) => refuses(check, value));
};

const payloadChecks: Judge = (app, job) => {
  const { breach } = about('payload-checked');
  return waysTo(app, job).flatMap((way) => {
    if (checkOf(way) === 'none')
      return [
        breach(
          `${wayName(way)} has check: 'none'`,
          'say with Zod what its fields may be (check, or payload)',
        ),
      ];
    if (!refusesNothing(way)) return [];
    return [breach(`the check of ${wayName(way)} refuses nothing`, 'say with Zod what its fields may be')];
  });
};

const secretNames: Judge = (app, job) => {
  const ways = waysTo(app, job);
  const fields = [...new Set(ways.flatMap((way) => secretFields(contractOf(way), checkOf(way))))];
  if (fields.length === 0) return [];
  return [
    about('no-secret-in-payload').breach(
      `by its name a secret stands in ${fields.join(', ')}`,
      'send a reference, and call the field so (such as passwordRef); read the secret in the handler',
    ),
  ];
};

const backoff: Judge = (_app, { retry }) => {
  const at = retry.delaysMs.indexOf(0);
  if (at < 0) return [];
  return [
    about('backoff').breach(
      `attempt ${at + 2} of ${retry.attempts} comes at once`,
      "give every attempt a wait: retry: { backoff: ['1m', '5m'] }",
    ),
  ];
};

/** What follows an `ai` job at once is done without anybody's yes; only more preparation may. */
const actsUnconfirmed: Judge = ({ jobs }, job) => {
  if (job.kind === 'ai') return [];
  const parents = job.after.map(({ parent }) => parent);
  const unconfirmed = jobs.filter(({ type, kind }) => kind === 'ai' && parents.includes(type));
  return unconfirmed.map(({ type }) =>
    about('ai-prepares-only').breach(
      `it follows the ai job ${type} without a person's yes between them`,
      'let a person confirm, publish that as an event (defineEvent with confirms: true), and trigger on it',
    ),
  );
};

const JUDGES: readonly Judge[] = [payloadChecks, backoff, secretNames, actsUnconfirmed];

/** Every breach that can be seen without running anything, at the start of a process too. Pure. */
export const judgeDefinition: Judge = (app, job) => JUDGES.flatMap((judge) => judge(app, job));
