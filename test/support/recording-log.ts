import type { Log, LogFacts } from '../../src/core/ports/log.ts';

interface LoggedLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly facts: LogFacts;
}

/** A log that keeps its lines for the test. */
export interface RecordingLog extends Log {
  readonly lines: readonly LoggedLine[];
  /** The messages at `level`, in order. */
  messages(level: LoggedLine['level']): readonly string[];
}

/** Makes an empty log. */
export const recordingLog = (): RecordingLog => {
  const lines: LoggedLine[] = [];
  const at =
    (level: LoggedLine['level']) =>
    (message: string, facts: LogFacts = {}): void => {
      lines.push({ level, message, facts });
    };
  return {
    lines,
    messages: (level) => lines.filter((line) => line.level === level).map(({ message }) => message),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  };
};
