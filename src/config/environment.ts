import process from 'node:process';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of this process; the only place that reads it. */
export const readEnvironment = (): Environment => process.env;
