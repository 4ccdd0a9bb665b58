/** Where a check looks. */
export type Area = 'configuration' | 'services' | 'topics' | 'groups' | 'redis' | 'registry' | 'rights';

/** `unknown`: nobody could say, since a service is down or does not tell. */
export type Verdict = 'ok' | 'warning' | 'problem' | 'unknown';

/** What one look came to. */
export interface Check {
  readonly area: Area;
  /** What was looked at: a service, a topic, a group, or what about it. */
  readonly name: string;
  readonly verdict: Verdict;
  /** What was found, in one sentence without a stop. */
  readonly says: string;
  /** What to do about it; always there unless all is well. */
  readonly todo?: string;
}

/** Makes the checks of an area. */
export const checksOf = (area: Area) => {
  const bad =
    (verdict: Exclude<Verdict, 'ok'>) =>
    (name: string, says: string, todo: string): Check => ({ area, name, verdict, says, todo });
  return {
    ok: (name: string, says: string): Check => ({ area, name, verdict: 'ok', says }),
    warning: bad('warning'),
    problem: bad('problem'),
    unknown: bad('unknown'),
  };
};

const SHOWN = 4;

/** `a, b, c, d and 3 more`. */
export const someOf = (names: readonly string[]): string =>
  names.length <= SHOWN
    ? names.join(', ')
    : `${names.slice(0, SHOWN).join(', ')} and ${names.length - SHOWN} more`;
