import { type EsteiraError, isEsteiraError } from '../core/errors.ts';
import { redactText } from '../security/redact.ts';
import { renderJson } from './table.ts';
import { paintError, printable, type Terminal } from './terminal.ts';

const LONGEST_BYTES = 8_192;

/** Lines keep their breaks; each loses its control characters and secrets. */
const safe = (text: string): string =>
  redactText(text, LONGEST_BYTES)
    .split('\n')
    .map((line) => printable(line).trimEnd())
    .join('\n');

const factsLine = ({ facts }: EsteiraError): string =>
  Object.entries(facts)
    .filter(([, value]) => !Array.isArray(value))
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');

const causeOf = (error: Error): string | undefined =>
  error.cause instanceof Error ? `${error.cause.name}: ${error.cause.message}` : undefined;

const labelled = (label: string, text: string | undefined): readonly string[] =>
  text === undefined || text === '' ? [] : [`  ${label} ${safe(text)}`];

const stackOf = (error: Error): readonly string[] => {
  const cause = error.cause instanceof Error ? [`caused by ${error.cause.stack ?? error.cause.message}`] : [];
  return [error.stack ?? '', ...cause].map(safe);
};

export interface PrintOptions {
  /** With stacks. */
  readonly debug: boolean;
  /** For programs. */
  readonly json: boolean;
}

const asJson = (error: unknown): string => {
  const code = isEsteiraError(error) ? error.code : 'UNEXPECTED';
  const message = safe(error instanceof Error ? error.message : String(error));
  const facts = isEsteiraError(error) ? error.facts : {};
  return renderJson({ error: { code, message, facts } });
};

const asText = (terminal: Terminal, error: unknown, debug: boolean): string => {
  const shown = error instanceof Error ? error : new Error(String(error));
  const known = isEsteiraError(shown);
  const message = known ? shown.message : `unexpected ${shown.name}: ${shown.message}`;
  const lines = [
    `${paintError(terminal, 'red', 'error')} ${safe(message)}`,
    ...(known ? labelled('where', factsLine(shown)) : []),
    ...labelled('cause', causeOf(shown)),
    ...(known ? labelled('code ', `${shown.code} (docs/reference/errors.md)`) : []),
    ...(debug ? stackOf(shown) : known ? [] : ['  run it again with --debug for the stack']),
  ];
  return lines.join('\n');
};

/** Says what was wrong, where, and what to do; a stack only when asked for. */
export const printError = (terminal: Terminal, error: unknown, options: PrintOptions): void => {
  terminal.err(options.json ? asJson(error) : asText(terminal, error, options.debug));
};
