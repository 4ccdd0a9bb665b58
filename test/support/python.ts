import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './source-files.ts';

const run = promisify(execFile);
const FOREIGN = join(ROOT, 'test/support/foreign');
const VENV = join(ROOT, '.venv');

/** Makes the virtual environment of the independent client once; a changed requirements file makes it anew. */
export const ensurePython = async (): Promise<string> => {
  const wanted = readFileSync(join(FOREIGN, 'requirements.txt'), 'utf8');
  const marker = join(VENV, 'installed-requirements.txt');
  const python = join(VENV, 'bin/python');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return python;
  await run('python3', ['-m', 'venv', '--clear', VENV], { timeout: 120_000 });
  await run(python, ['-m', 'pip', 'install', '--quiet', '-r', join(FOREIGN, 'requirements.txt')], {
    timeout: 300_000,
  });
  writeFileSync(marker, wanted);
  return python;
};

/** Runs one of the independent client's programs to its end; answers the JSON it printed last. */
export const runForeign = async (program: string, settings: string): Promise<unknown> => {
  const python = await ensurePython();
  const { stdout } = await run(python, [join(FOREIGN, program), settings], {
    timeout: 600_000,
    maxBuffer: 16 * 1024 * 1024,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? 'null');
};
