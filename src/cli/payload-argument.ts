import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { EsteiraError } from '../core/errors.ts';
import type { Terminal } from './terminal.ts';

const textOf = async (terminal: Terminal, given: string): Promise<string> => {
  if (given === '-') return terminal.readInput();
  if (!given.startsWith('@')) return given;
  const path = given.slice(1);
  try {
    return await readFile(resolve(terminal.cwd, path), 'utf8');
  } catch (cause) {
    throw new EsteiraError('ESTEIRA_USAGE', `--payload: the file ${path} cannot be read`, { cause });
  }
};

/**
 * The payload of a command: JSON, `@file`, or `-` for standard input.
 *
 * @throws EsteiraError ESTEIRA_USAGE; never with what was given, which may be personal data.
 */
export const readPayload = async (terminal: Terminal, given: string): Promise<unknown> => {
  const text = await textOf(terminal, given);
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the payload.
    throw new EsteiraError(
      'ESTEIRA_USAGE',
      '--payload is not JSON: give JSON, @file or - for standard input',
    );
  }
};
