import type { Command } from 'commander';
import { EsteiraError } from '../core/errors.ts';
import { didYouMean } from '../core/nearest-name.ts';
import type { CommandContext, Finish } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { examplesOf, optionSays, pageOf } from './manual/command-page.ts';
import { exampleLines, renderPage } from './manual/page-text.ts';
import { paint, type Terminal } from './terminal.ts';

/** Commands by what one wants; those that are not named stand under the last heading. */
const GROUPS: readonly (readonly [string, readonly string[]])[] = [
  ['Run:', ['start', 'topics', 'schemas', 'doctor', 'compliance']],
  ['Look:', ['jobs', 'queues', 'keys', 'events']],
  ['Dead letters and doing things again:', ['dlq', 'replay', 'window']],
  ['Operate:', ['pause', 'resume', 'limits', 'control']],
];
const OTHERS = 'More:';

const examplesText = (terminal: Terminal, command: Command): string => {
  const examples = examplesOf(command);
  if (examples.length === 0) return '';
  return ['', paint(terminal, 'bold', 'Examples:'), ...exampleLines(examples)].join('\n');
};

const eachBelow = (command: Command, work: (command: Command) => void): void => {
  work(command);
  for (const one of command.commands) eachBelow(one, work);
};

/** The command of a path, e.g. `topics plan`. @throws EsteiraError ESTEIRA_USAGE with the nearest name */
const find = (program: Command, path: readonly string[]): Command =>
  path.reduce((command, name) => {
    const found = command.commands.find((one) => one.name() === name || one.aliases().includes(name));
    if (found !== undefined) return found;
    const names = command.commands.map((one) => one.name());
    const { name: where } = pageOf(command);
    throw new EsteiraError(
      'ESTEIRA_USAGE',
      names.length === 0
        ? `${where} has no commands of its own`
        : `${where} has no command ${name}: it has ${names.join(', ')}${didYouMean(name, names)}`,
    );
  }, program);

/** How help looks; to be set before commands are added, which take it over. */
export const configureHelp = (program: Command, { terminal }: CommandContext): void => {
  program.configureHelp({
    showGlobalOptions: true,
    styleTitle: (title) => paint(terminal, 'bold', title),
    optionDescription: optionSays,
  });
};

/** `esteira help COMMAND`: the page of the reference. */
export const addHelpCommand = (program: Command, { terminal }: CommandContext, finish: Finish): void => {
  program.helpCommand(false);
  program
    .command('help')
    .description('show the manual page of a command')
    .argument('[command...]', 'such as: topics plan')
    .action((path: readonly string[]) => {
      terminal.out(renderPage(terminal, find(program, path)));
      finish(EXIT.done);
    });
};

/** Puts examples below the help of every command, and the commands under headings. After all commands are added. */
export const finishHelp = (program: Command, { terminal }: CommandContext): void => {
  for (const command of program.commands) {
    const [heading = OTHERS] = GROUPS.find(([, names]) => names.includes(command.name())) ?? [];
    command.helpGroup(heading);
  }
  program.showHelpAfterError('See `esteira help`.');
  eachBelow(program, (command) => {
    const { path } = pageOf(command);
    command.addHelpText('after', () => examplesText(terminal, command));
    if (path !== '') command.showHelpAfterError(`See \`esteira help ${path}\`.`);
  });
};
