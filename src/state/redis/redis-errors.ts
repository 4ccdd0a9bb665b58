import { ReplyError } from 'ioredis';
import { EsteiraError } from '../../core/errors.ts';

/** The client's classes for commands that were on their way when the connection went. */
const ABORTED: ReadonlySet<string> = new Set(['AbortError', 'MaxRetriesPerRequestError']);

/** The words of an `ERR` reply that are kept: enough for a script's line, too little for values. */
const KEPT_CHARACTERS = 120;

/** Before version 7 an error inside of a script, such as no memory, stands at the end of the script's. */
const INSIDE_SCRIPT =
  /^ERR Error running script \(call to \w+\): @user_script:\d+: @user_script: \d+: -([A-Z]+) /;

/**
 * Whether the server answered with an error, optionally with this code. A reply's code is the first word of its
 * text by the protocol; but for {@link INSIDE_SCRIPT} the rest of the text is never looked at.
 */
export const isReplyError = (error: unknown, code?: string): error is Error =>
  error instanceof Error && error instanceof ReplyError && (code === undefined || replyCode(error) === code);

/** What to call a failure: the reply's code, the errno code, else what happened to the command. */
export const failureCode = (error: unknown): string => {
  if (isReplyError(error)) return replyCode(error);
  if (!(error instanceof Error)) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return ABORTED.has(error.name) ? 'connection_lost' : 'no_answer';
};

/**
 * A failed call as the rest of Esteira sees it. The client's own error stays here: it carries the command's
 * arguments, among them tenants, payload bytes and the password.
 */
export const unavailable = (call: string, server: string, error: unknown): EsteiraError => {
  const code = failureCode(error);
  const detail = code === 'ERR' && error instanceof Error ? error.message.slice(0, KEPT_CHARACTERS) : code;
  return new EsteiraError(
    'ESTEIRA_STATE_UNAVAILABLE',
    `Redis at ${server} did not do ${call} (${detail}); the same call may be made again.`,
    { facts: { call, server, code } },
  );
};

const replyCode = ({ message }: Error): string =>
  INSIDE_SCRIPT.exec(message)?.[1] ?? message.split(' ', 1)[0] ?? '';
