import type { AppDefinition } from '../../core/app.ts';
import { groupsOf, topicsOf } from '../../core/app-topics.ts';
import type { AccessOperation, AccessResource, AccessRule } from '../../core/ports/diagnosis.ts';
import { countWords } from '../inspection/time-words.ts';
import { type Check, checksOf, someOf } from './check.ts';
import type { Probe } from './parts.ts';

const { ok, warning, problem, unknown } = checksOf('rights');

/** Something the app must be allowed to do. */
interface Need {
  readonly resource: AccessResource;
  readonly name: string;
  readonly operation: AccessOperation;
}

/** Everything an app must be allowed: its own topics and its groups whole, the topics of its events too. */
const needsOf = (app: AppDefinition): readonly Need[] => [
  ...topicsOf(app, { replicationFactor: 1 }).flatMap(({ topic }) =>
    (['read', 'write'] as const).map((operation): Need => ({ resource: 'topic', name: topic, operation })),
  ),
  ...groupsOf(app).map(({ groupId }): Need => ({ resource: 'group', name: groupId, operation: 'read' })),
];

const WHAT_IT_NEEDS = (ns: string): string =>
  `it needs Read and Write on its event topics and on topics ${ns}.*, Read on groups ${ns}.*`;

const isAbout = (rule: AccessRule, need: Need): boolean =>
  rule.resource === need.resource &&
  (rule.match === 'prefixed' ? need.name.startsWith(rule.name) : [need.name, '*'].includes(rule.name)) &&
  (rule.operation === 'all' || rule.operation === need.operation);

/** As Kafka does: one rule that forbids outweighs all that allow. */
const isAllowed = (need: Need, rules: readonly AccessRule[]): boolean => {
  const about = rules.filter((rule) => isAbout(rule, need));
  return about.some(({ allows }) => allows) && about.every(({ allows }) => allows);
};

const lacking = (needs: readonly Need[], rules: readonly AccessRule[]): readonly Check[] =>
  (['topic', 'group'] as const).flatMap((resource) =>
    (['read', 'write'] as const).flatMap((operation): readonly Check[] => {
      const missing = needs.filter(
        (need) => need.resource === resource && need.operation === operation && !isAllowed(need, rules),
      );
      if (missing.length === 0) return [];
      const says = `may not ${operation} ${countWords(missing.length, resource)}: ${someOf(missing.map(({ name }) => name))}`;
      const option = `--operation ${operation === 'read' ? 'Read' : 'Write'} --${resource}`;
      return [problem(`${operation} ${resource}s`, says, `allow it: \`kafka-acls --add … ${option} …\``)];
    }),
  );

/** Who sees all rules without one that lets him is above the rules. */
const isAboveRules = (rules: readonly AccessRule[]): boolean =>
  !rules.some(
    ({ resource, operation, allows }) =>
      resource === 'cluster' && allows && ['all', 'describe', 'other'].includes(operation),
  );

const judge = (app: AppDefinition, principal: string, all: readonly AccessRule[]): readonly Check[] => {
  const rules = all.filter((rule) => [principal, 'User:*'].includes(rule.principal));
  if (isAboveRules(rules)) {
    const says = `${principal} sees all rules without one that allows it: a super user, or a cluster that allows what no rule forbids`;
    return [warning('rights', says, `give the app a user of its own: ${WHAT_IT_NEEDS(app.name)}`)];
  }
  const checks = lacking(needsOf(app), rules);
  return checks.length > 0 ? checks : [ok('rights', `${principal} may read and write what it needs`)];
};

/** What the app needs and may not do on Kafka, as far as Kafka says. */
export const rights: Probe = async ({ app, broker, principal, production }) => {
  const access = await broker.access();
  if (access.kind === 'open') {
    const says = 'Kafka asks nobody for rights: everybody who reaches it may do everything';
    return production
      ? [warning('rights', says, 'give Kafka an authorizer (authorizer.class.name) and users')]
      : [ok('rights', says)];
  }
  if (access.kind === 'refused')
    return [unknown('rights', 'these credentials may not see the rules', WHAT_IT_NEEDS(app.name))];
  if (principal === undefined)
    return [
      unknown('rights', 'who these credentials are to Kafka is not known here', WHAT_IT_NEEDS(app.name)),
    ];
  return judge(app, principal, access.rules);
};
