import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The oldest Java that Kafka's brokers run on. */
export const OLDEST_JAVA = 17;

/** A Java that was found, and its version: the first number, and in full. */
export interface InstalledJava {
  command: string;
  major: number;
  full: string;
}

/** The machine's Java, `JAVA_HOME` first; undefined when there is none. */
export async function installedJava(environment = process.env): Promise<InstalledJava | undefined> {
  const home = environment['JAVA_HOME'];
  const commands = home ? [join(home, 'bin', 'java'), 'java'] : ['java'];
  for (const command of commands) {
    const output = await run(command, ['-version'], { timeout: 20_000, env: environment }).then(
      ({ stdout, stderr }) => stderr + stdout, // Java tells its version on standard error
      () => '',
    );
    const version = parseJavaVersion(output);
    if (version !== undefined) return { command, ...version };
  }
  return undefined;
}

/** Reads the output of `java -version`; before Java 9 versions began with "1.". */
export function parseJavaVersion(output: string): { major: number; full: string } | undefined {
  const full = /version "([^"]+)"/.exec(output)?.[1];
  const numbers = full?.match(/\d+/g)?.map(Number) ?? [];
  const major = numbers[0] === 1 ? numbers[1] : numbers[0];
  return full === undefined || major === undefined ? undefined : { major, full };
}
