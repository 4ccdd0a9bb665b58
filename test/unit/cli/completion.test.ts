import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { makeCommandLine } from './command-line.ts';

const { run } = makeCommandLine();
const has = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0;

/** What real bash offers behind these words; the last one is being typed. */
const offered = async (...words: readonly string[]): Promise<readonly string[]> => {
  const { out } = await run(['completion', 'bash']);
  const typed = ['esteira', ...words].map((word) => `'${word}'`).join(' ');
  const script = `${out}\nCOMP_WORDS=(${typed}); COMP_CWORD=${words.length}; _esteira; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const told = execFileSync('bash', ['--norc', '-c', script], { cwd: 'test/unit/cli', encoding: 'utf8' });
  return told.split('\n').filter((line) => line !== '');
};

describe('completion in bash', () => {
  it('offers commands, and those of a group', async () => {
    expect(await offered('t')).toEqual(['topics', 'telemetry']);
    expect(await offered('topics', '')).toEqual(expect.arrayContaining(['plan', 'apply', '--app', '--help']));
    expect(await offered('topics', 'p')).toEqual(['plan']);
  });

  it('offers the options of the command, and no command behind it', async () => {
    const options = await offered('topics', 'plan', '');
    expect(options).toEqual(expect.arrayContaining(['--check', '--json', '--debug']));
    expect(options).not.toContain('apply');
    expect(await offered('topics', 'plan', '--ch')).toEqual(['--check']);
  });

  it('offers what is known of a value, and nothing where nothing is', async () => {
    expect(await offered('dlq', 'list', '--dead-reason', 'un')).toEqual(['unrecoverable', 'undecodable']);
    expect(await offered('start', '--roles', '')).toEqual(['worker', 'relay', 'projection']);
    expect(await offered('dlq', 'list', '--tenant', '')).toEqual([]);
  });

  it('offers files where a file is meant', async () => {
    expect(await offered('--app', 'shop/est')).toEqual(['shop/esteira.config.ts']);
  });

  it('takes the value of an option for no command', async () => {
    expect(await offered('--app', 'topics', 'dlq', 'sh')).toEqual(['show']);
    expect(await offered('dlq', 'list', '--tenant', 'acme', '--js')).toEqual(['--json']);
  });
});

describe.each(['zsh', 'fish'])('completion in %s', (shell) => {
  it('knows every command', async () => {
    const { code, out } = await run(['completion', shell]);
    expect(code).toBe(0);
    for (const path of ['esteira topics plan', 'esteira dlq list', 'esteira pause key'])
      expect(out).toContain(path);
  });

  it.runIf(has(shell))('is understood by the shell', async () => {
    const { out } = await run(['completion', shell]);
    const parsed = spawnSync(shell, ['-n'], { input: out, encoding: 'utf8' });
    expect([parsed.status, parsed.stderr]).toEqual([0, '']);
  });
});

it('another shell is wrong use, with those there are', async () => {
  const { code, err } = await run(['completion', 'tcsh']);
  expect(code).toBe(2);
  expect(err).toContain('bash, zsh, fish');
});
