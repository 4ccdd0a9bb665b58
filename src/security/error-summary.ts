import { createHash } from 'node:crypto';
import {
  causeChain,
  errorFacts,
  innerErrors,
  isError,
  readProperty,
  type ThrownFacts,
} from '../core/error-facts.ts';
import type { ErrorClass, ErrorSummary } from '../core/outcome.ts';
import { redactText } from './redact-text.ts';

const MOST_MESSAGES = 3;
const LONGEST_MESSAGE_READ = 8_192;
const LONGEST_STACK_READ = 16_384;

const CONTROL_CHARACTERS = /[\p{Cc}\u2028\u2029]+/gu;

/** A code from one error of the chain; AWS and the platform say theirs as a name. */
const codeOf = ({ code, status, name, className }: ThrownFacts): string | undefined => {
  if (code !== undefined) return code;
  if (status !== undefined)
    return name !== undefined && name !== 'Error' && name !== className ? name : `HTTP_${status}`;
  return undefined;
};

/** The first code in the chain of causes, else the class (or the name it gives itself) of the error thrown. */
const stableCode = (chain: readonly unknown[], thrown: unknown): string => {
  for (const link of chain) {
    const found = codeOf(errorFacts(link));
    if (found !== undefined) return found;
  }
  const { className, name } = errorFacts(thrown);
  if (!isError(thrown)) return `THROWN_${className.toUpperCase()}`;
  return className === 'Error' && name !== undefined ? name : className;
};

const ownMessage = (error: unknown, depth = 0): string => {
  if (typeof error === 'string') return error.slice(0, LONGEST_MESSAGE_READ);
  if (typeof error !== 'object' || error === null)
    return typeof error === 'symbol' ? 'symbol' : String(error).slice(0, 100);
  const message = readProperty(error, 'message');
  if (typeof message === 'string' && message !== '') return message.slice(0, LONGEST_MESSAGE_READ);
  // An AggregateError may hold itself.
  const inner =
    depth > 1
      ? []
      : innerErrors(error)
          .slice(0, MOST_MESSAGES)
          .map((one) => ownMessage(one, depth + 1));
  return inner.length > 0
    ? inner.join('; ')
    : `(${isError(error) ? 'error' : 'thrown value'} without a message)`;
};

/** The messages of the error and its causes; a cause often says what the error only repeats. */
const messageOf = (chain: readonly unknown[]): string => {
  const messages = [...new Set(chain.slice(0, MOST_MESSAGES).map((link) => ownMessage(link)))];
  return redactText(messages.join(' <- ')).replaceAll(CONTROL_CHARACTERS, ' ');
};

const FRAME = /^\s{0,20}at (?:.{0,300}\()?(?:file:\/\/)?(.{1,500}?):(\d{1,9}):\d{1,9}\)?$/;

/** A path that is the same on every machine: below the working directory, else its last three parts. */
const withoutMachine = (path: string): string => {
  const plain = path.replaceAll('\\', '/').replace(/[?#].*$/, '');
  const here = `${process.cwd().replaceAll('\\', '/')}/`;
  return plain.startsWith(here) ? plain.slice(here.length) : plain.split('/').slice(-3).join('/');
};

/** `file:line` of the first frame that is neither the platform's nor a dependency's; empty when there is none. */
const firstOwnFrame = (error: unknown): string => {
  const stack = readProperty(error, 'stack');
  if (typeof stack !== 'string') return '';
  for (const line of stack.slice(0, LONGEST_STACK_READ).split('\n')) {
    const [, path = '', lineNumber = ''] = FRAME.exec(line) ?? [];
    const own = path !== '' && !path.startsWith('node:') && !/[\\/]node_modules[\\/]/.test(path);
    if (own) return `${withoutMachine(path)}:${lineNumber}`;
  }
  return '';
};

const LONGEST_CODE = 64;
const FINGERPRINT_LENGTH = 16;

const fingerprintOf = (code: string, className: string, frame: string): string =>
  createHash('sha256').update(`${code}\n${className}\n${frame}`).digest('hex').slice(0, FINGERPRINT_LENGTH);

/**
 * What may be told about anything a handler threw, in headers, logs and telemetry: redacted, bounded, on one line. Copes
 * with thrown non-errors, throwing getters and causes that go in a circle. `classify` is `classifyError` with the app's
 * rules.
 */
export const summarizeError = (error: unknown, classify: (error: unknown) => ErrorClass): ErrorSummary => {
  const chain = causeChain(error);
  const code = redactText(stableCode(chain, error), LONGEST_CODE);
  return {
    code,
    class: classify(error),
    message: messageOf(chain),
    fingerprint: fingerprintOf(code, errorFacts(error).className, firstOwnFrame(error)),
  };
};
