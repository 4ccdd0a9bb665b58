import type { SetVariables } from './consistency.ts';

const PEM_VARIABLES = ['KAFKA_SSL_CA', 'KAFKA_SSL_CERT', 'KAFKA_SSL_KEY'] as const;

const isPem = (text: string): boolean => text.includes('-----BEGIN ');

/** The text of a PEM value: itself (`\n` written out is a line break), or what stands in the file it names. */
const pemText = (value: string, readFile: (path: string) => string): string | undefined => {
  if (isPem(value)) return value.replaceAll('\\n', '\n');
  try {
    const text = readFile(value);
    return isPem(text) ? text : undefined;
  } catch {
    // Why does not matter to the caller, who is told which variable names no readable PEM file.
    return undefined;
  }
};

/** The variables with certificates and keys as PEM text, and a problem for each that is none. */
export const readPem = (
  variables: SetVariables,
  readFile: (path: string) => string,
): { readonly variables: SetVariables; readonly problems: readonly string[] } => {
  const read: Record<string, string> = { ...variables };
  const problems: string[] = [];
  for (const name of PEM_VARIABLES) {
    const value = variables[name];
    if (value === undefined) continue;
    const text = pemText(value, readFile);
    if (text === undefined) problems.push(`${name}: give PEM text, or the path of a readable PEM file`);
    else read[name] = text;
  }
  return { variables: read, problems };
};
