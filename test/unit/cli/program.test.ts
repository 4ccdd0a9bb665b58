import { describe, expect, it } from 'vitest';
import { folder, makeCommandLine } from './command-line.ts';

describe('wrong use', () => {
  const { run } = makeCommandLine();

  it.each([
    [['nonsense']],
    [['topics']],
    [['topics', 'plan', '--nonsense']],
    [['start', '--roles', 'cook']],
    [['dlq', 'list', '--limit', 'many']],
    [['dlq', 'list', '--since', 'yesterday']],
    [['dlq', 'show', 'here']],
    [['dlq', 'replay', '--job-type', 'send-receipt', '--actor', 'ana']],
    [['replay', 'run', 'some-plan']],
    [['replay', 'run', 'some-plan', '--reason', 'why not', '--failure-ratio', '2']],
    [['jobs', 'dispatch', 'make-report', '--payload', '{}']],
  ])('ends with 2 and says what is wrong: %o', async (args) => {
    const { code, err, out } = await run(args);
    expect(code).toBe(2);
    expect(err).not.toBe('');
    expect(`${err}${out}`).not.toContain('    at ');
  });

  it('suggests the command that was meant', async () => {
    expect((await run(['topic', 'plan'])).err).toContain('Did you mean topics?');
  });

  it('is not asking for help or the version', async () => {
    expect((await run(['--help'])).code).toBe(0);
    expect(await run(['--version'])).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  });
});

describe('the app', () => {
  it('is looked for in the working folder', async () => {
    expect((await makeCommandLine().run(['topics', 'plan'])).code).toBe(0);
  });

  it('can be named before and after the command', async () => {
    const { run } = makeCommandLine({ cwd: folder('.') });
    expect((await run(['--app', 'shop/esteira.config.ts', 'topics', 'plan'])).code).toBe(0);
    expect((await run(['topics', 'plan', '--app', 'shop/esteira.config.ts'])).code).toBe(0);
    expect((await run(['topics', 'plan'], { ESTEIRA_APP: 'shop/esteira.config.ts' })).code).toBe(0);
  });

  it.each([
    ['no file is there', '.', [], 'there is no esteira.config.ts'],
    ['the named file is not there', '.', ['--app', 'nowhere.ts'], 'there is no file nowhere.ts'],
    ['the file exports something else', '.', ['--app', 'command-line.ts'], 'not an app'],
    ['the file throws', './broken', [], 'could not be loaded'],
  ])('is told to be missing or wrong when %s', async (_, cwd, args, why) => {
    const { code, err } = await makeCommandLine({ cwd: folder(cwd) }).run(['topics', 'plan', ...args]);
    expect(code).toBe(2);
    expect(err).toContain(why);
    expect(err).toContain('ESTEIRA_APP_NOT_FOUND');
  });
});

describe('an error', () => {
  const broken = makeCommandLine({ cwd: folder('./broken') });

  it('names its cause, and shows a stack only when asked', async () => {
    const { err } = await broken.run(['topics', 'plan']);
    expect(err).toContain('the database is not there');
    expect(err).not.toContain('    at ');
    expect((await broken.run(['topics', 'plan', '--debug'])).err).toContain('esteira.config.ts:1');
  });

  it('is JSON where JSON was asked for', async () => {
    const { err } = await broken.run(['topics', 'plan', '--json']);
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'ESTEIRA_APP_NOT_FOUND' } });
  });

  it('about the environment lists every problem', async () => {
    const { code, err } = await makeCommandLine().run(['topics', 'plan'], {
      HEALTH_PORT: 'x',
      REDIS_HOSTS: 'y',
    });
    expect(code).toBe(2);
    expect(err).toContain('HEALTH_PORT');
    expect(err).toContain('did you mean REDIS_HOST?');
  });

  it('is a refusal (3) for the memory backend in production', async () => {
    expect((await makeCommandLine().run(['start'], { NODE_ENV: 'production' })).code).toBe(3);
  });

  it('says that memory is seen by nobody else', async () => {
    const { code, err } = await makeCommandLine().run(['topics', 'plan'], { ALONE: 'yes' });
    expect(code).toBe(2);
    expect(err).toContain('set KAFKA_BROKERS');
  });
});
