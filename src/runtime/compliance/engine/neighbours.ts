import { randomBytes } from 'node:crypto';
import { type Finding, provedUnless } from '../finding.ts';
import { countEvents, type Evidence, gather } from './evidence.ts';
import { FIRST_TENANT, openStage, type Script, SECOND_TENANT } from './stage.ts';

export interface NeighbourEvidence extends Evidence {
  /** What stood in the errors of each tenant, by tenant. */
  readonly marks: ReadonlyMap<string, string>;
  readonly tenantField: string;
}

/** Plays two tenants at once whose jobs fail for ever, each with words of its own. */
export const playNeighbours = async (script: Script): Promise<NeighbourEvidence> => {
  const tenants = [FIRST_TENANT, SECOND_TENANT];
  const marks = new Map(tenants.map((tenant) => [tenant, `mark${randomBytes(6).toString('hex')}`]));
  const stage = await openStage(script, (_payload, { tenant }) => {
    throw new Error(`cannot do ${marks.get(tenant)}`);
  });
  try {
    for (const tenant of tenants)
      await stage.deliver({ tenant, id: `of-${tenant}`, userId: `user-of-${tenant}` });
    const { told } = stage.process();
    await stage.until(() => countEvents({ events: told }, 'job.sent_to_dlq') >= tenants.length);
    return { ...(await gather(stage)), marks, tenantField: script.app.tenantLogField };
  } finally {
    await stage.close();
  }
};

/** Everything that was told, with whom it was told of. */
const toldOf = (
  seen: NeighbourEvidence,
): readonly { readonly tenant: unknown; readonly text: string; readonly what: string }[] => [
  ...seen.events.map((event) => ({ tenant: event.tenantId, text: JSON.stringify(event), what: event.type })),
  ...seen.failures.map((event) => ({
    tenant: event.tenantId,
    text: JSON.stringify(event),
    what: 'JobFailed',
  })),
  ...seen.lines.flatMap((line) =>
    line?.[seen.tenantField] === undefined
      ? []
      : [{ tenant: line[seen.tenantField], text: JSON.stringify(line), what: 'a log line' }],
  ),
  ...seen.dead.map(({ key, headers }) => ({
    tenant: key?.toString(),
    text: headers.map(([name, value]) => `${name}=${value}`).join('\n'),
    what: 'a dead letter',
  })),
];

/** Judges `tenants-apart`. */
export const judgeNeighbours = (seen: NeighbourEvidence): Finding => {
  const told = toldOf(seen);
  const leaks = told.flatMap(({ tenant, text, what }) =>
    [...seen.marks]
      .filter(
        ([other, mark]) => other !== tenant && (text.includes(mark) || text.includes(`user-of-${other}"`)),
      )
      .map(() => `${what} of one tenant holds what belongs to another`),
  );
  const own = [...seen.marks].filter(
    ([tenant, mark]) => !told.some((one) => one.tenant === tenant && one.text.includes(mark)),
  );
  return provedUnless(
    'tenants-apart',
    [...new Set([...leaks, ...own.map(() => 'the error of a tenant was told of nobody')])],
    'two tenants failed at once: error, user and dead letter of each are told of itself only',
    'this is a fault of Esteira: please report it',
  );
};
