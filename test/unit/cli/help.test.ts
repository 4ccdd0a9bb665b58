import { describe, expect, it } from 'vitest';
import { makeCommandLine } from './command-line.ts';

const { run } = makeCommandLine();
const onScreen = makeCommandLine({ columns: 72 });

describe('help', () => {
  it('without a command tells what there is, grouped, with examples, and is no failure', async () => {
    const { code, out, err } = await run([]);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^Run:\n {2}start /m);
    expect(out).toMatch(/^Dead letters and doing things again:\n {2}dlq /m);
    expect(out).toMatch(/^Examples:\n {2}# /m);
    expect((await run(['--help'])).out).toBe(out);
  });

  it('of a command has its examples, the options of all commands, and which are required', async () => {
    const { code, out } = await run(['dlq', 'replay', '--help']);
    expect(code).toBe(0);
    expect(out).toContain('  esteira dlq replay shop.dlq.send-receipt/0/17 --reason "template mended" --run');
    expect(out).toMatch(/^ {2}--reason <why> .*required/m);
    expect(out).toMatch(/^Global Options:\n {2}.*--version/m);
  });

  it('of a group has an example of each of the first of its commands', async () => {
    const { out } = await run(['dlq', '--help']);
    expect(out).toContain('esteira dlq list --since 24h');
    expect(out).toContain('esteira dlq show');
  });

  it('of a group without a command is told on standard error, with 2', async () => {
    const { code, out, err } = await run(['topics']);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('Usage: esteira topics');
  });

  it('fits the screen', async () => {
    for (const args of [
      ['--help'],
      ['replay', 'run', '--help'],
      ['help', 'replay', 'run'],
      ['help', 'topics', 'plan'],
    ]) {
      const { out } = await onScreen.run(args);
      // Examples are to be copied: they stay whole.
      const wide = out.split('\n').filter((line) => line.length > 72 && !/^ {2}(esteira|# )/.test(line));
      expect(wide).toEqual([]);
    }
  });
});

describe('esteira help COMMAND', () => {
  it('prints the page of the reference', async () => {
    const { code, out } = await run(['help', 'topics', 'plan']);
    expect(code).toBe(0);
    for (const title of ['NAME', 'SYNOPSIS', 'DESCRIPTION', 'OPTIONS', 'EXAMPLES', 'EXIT CODES', 'JSON'])
      expect(out).toMatch(new RegExp(`^${title}$`, 'm'));
    expect(out).toContain('  esteira topics plan [options]');
    expect(out).toMatch(/^ {2}1 {2}with `--check`: there is something to do/m);
    expect(out).toMatch(/`app`, `settled`, `create`/);
  });

  it('lists the commands of a group', async () => {
    expect((await run(['help', 'topics'])).out).toMatch(/^COMMANDS\n {2}plan {3}show what apply would do/m);
  });

  it('names the nearest command, with 2', async () => {
    const { code, err } = await run(['help', 'topcis']);
    expect(code).toBe(2);
    expect(err).toContain('esteira has no command topcis: it has start, topics,');
    expect(err).toContain('did you mean topics?');
    expect((await run(['help', 'topics', 'pln'])).err).toContain('did you mean plan?');
    expect((await run(['help', 'doctor', 'who'])).err).toContain('esteira doctor has no commands of its own');
  });
});

describe('wrong use', () => {
  it.each([
    [['topics', 'pln'], 'Did you mean plan?'],
    [['topics', 'plan', '--chek'], 'Did you mean --check?'],
    [['dlq', 'list', '--dead-reason', 'unrecoverabel'], 'did you mean unrecoverable?'],
    [['dlq', 'list', '--job-type', 'send-reciept'], 'did you mean send-receipt?'],
    [['dlq', 'show', 'shop.dlq.send-reciept/0/0'], 'did you mean shop.dlq.send-receipt?'],
    [['replay', 'result', 'a-plan', '--only', 'shelvd'], 'did you mean shelved?'],
    [['start', '--roles', 'worker,relai'], 'did you mean relay?'],
    [['start', '--queues', 'defualt'], 'did you mean default?'],
    [['jobs', 'dispatch', 'make-reprot', '--tenant', 'acme', '--payload', '{}'], 'did you mean make-report?'],
    [['events', 'publish', 'shop.Piad', '--tenant', 'acme', '--payload', '{}'], 'did you mean shop.Paid?'],
  ])('%o is told with the nearest name', async (args, hint) => {
    const line = makeCommandLine();
    await line.run(['topics', 'apply']);
    const { code, err } = await line.run(args);
    expect(code).toBe(2);
    expect(err).toContain(hint);
  });

  it('names the page to read', async () => {
    expect((await run(['topics', 'plan', '--nonsense'])).err).toContain('See `esteira help topics plan`.');
  });

  it('is one JSON value where JSON was asked for', async () => {
    for (const args of [
      ['topics', 'plan', '--nonsense', '--json'],
      ['topics', '--json'],
      ['dlq', 'list', '--limit', 'many', '--json'],
    ]) {
      const { code, out, err } = await run(args);
      expect([code, out]).toEqual([2, '']);
      expect(JSON.parse(err)).toMatchObject({ error: { code: 'ESTEIRA_USAGE' } });
    }
  });

  it('of a name that is like nothing there is makes up no advice', async () => {
    expect((await run(['help', 'zzzzzzzz'])).err).not.toContain('did you mean');
  });
});
