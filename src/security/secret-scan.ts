import { type Confidence, SECRET_RULES, type SecretKind, type SecretRule } from './secret-rules.ts';
import { featuresOf } from './text-features.ts';
import { isUuid } from './token-shape.ts';

/** A part of a text that is, or may be, a secret. */
export interface SecretSpan {
  readonly kind: SecretKind;
  readonly confidence: Confidence;
  readonly start: number;
  readonly end: number;
}

const SHORTEST = 6;
const BEFORE = 40;

/** The first group that took part, or the one the rule names, or the whole match. */
const rangeOf = (rule: SecretRule, match: RegExpExecArray): readonly [start: number, end: number] => {
  const { indices, index } = match;
  if (rule.kind === 'email') return [index - (match[1] ?? '').length, index + match[0].length];
  const group =
    rule.group === undefined ? indices?.slice(1).find((range) => range !== undefined) : indices?.[rule.group];
  return group ?? [index, index + match[0].length];
};

const confidenceOf = (rule: SecretRule, match: RegExpExecArray, text: string): Confidence | undefined => {
  if (rule.redactOnly === true) return 'redact';
  if (rule.judge === undefined) return 'refuse';
  return rule.judge(match, text.slice(Math.max(0, match.index - BEFORE), match.index));
};

const collect = (text: string, rule: SecretRule, spans: SecretSpan[]): void => {
  const { pattern } = rule;
  // The expressions are shared; nothing between two uses of `lastIndex` waits or calls back.
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const confidence = confidenceOf(rule, match, text);
    if (confidence === undefined) continue;
    const [start, end] = rangeOf(rule, match);
    spans.push({ kind: rule.kind, confidence, start, end });
  }
};

/** Two spans that overlap are one, as sure as the surer of them. */
const merge = (first: SecretSpan, second: SecretSpan): SecretSpan => ({
  ...first,
  confidence: first.confidence === 'refuse' ? 'refuse' : second.confidence,
  end: Math.max(first.end, second.end),
});

/** By start; where two overlap, the one that starts first, and then the longer one, names both. */
const withoutOverlaps = (found: SecretSpan[]): readonly SecretSpan[] => {
  found.sort((a, b) => a.start - b.start || b.end - a.end);
  const kept: SecretSpan[] = [];
  for (const span of found) {
    const last = kept.at(-1);
    if (last === undefined || span.start >= last.end) kept.push(span);
    else kept[kept.length - 1] = merge(last, span);
  }
  return kept;
};

const NONE: readonly SecretSpan[] = [];

/**
 * Everything in a text that has the shape of a secret, by start, without overlaps. Linear in the text. With
 * `least: 'refuse'` rules that only ever redact are not asked.
 */
export const scanSecrets = (text: string, least: Confidence = 'redact'): readonly SecretSpan[] => {
  if (text.length < SHORTEST || isUuid(text)) return NONE;
  const features = featuresOf(text);
  if (features === 0) return NONE;
  const found: SecretSpan[] = [];
  for (const rule of SECRET_RULES) {
    if ((features & rule.needs) !== rule.needs) continue;
    if (least === 'redact' || rule.redactOnly !== true) collect(text, rule, found);
  }
  return found.length < 2 ? found : withoutOverlaps(found);
};
