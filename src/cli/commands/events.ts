import type { Command } from 'commander';
import { EsteiraError } from '../../core/errors.ts';
import { unknownName } from '../../core/nearest-name.ts';
import { formatPosition } from '../../core/record.ts';
import type { CommandContext, Finish } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { readPayload } from '../payload-argument.ts';
import { addProducingOptions, originOf, type ProducingOptions, withProducer } from '../producing.ts';
import { renderJson } from '../table.ts';

const publish = async (context: CommandContext, type: string, options: ProducingOptions): Promise<void> => {
  const { terminal } = context;
  const payload = await readPayload(terminal, options.payload);
  const asked = { action: 'events.publish', subject: type } as const;
  const published = await withProducer(context, options, asked, async (esteira, app, audited) => {
    const event = app.events.find((one) => one.type === type);
    if (event !== undefined) {
      await audited();
      return esteira.publish(event, payload, originOf(options));
    }
    throw new EsteiraError(
      'ESTEIRA_EVENT_UNKNOWN',
      unknownName(
        `app ${app.name} has no event`,
        type,
        app.events.map((one) => one.type),
      ),
      { facts: { event: type } },
    );
  });
  const position = formatPosition(published.position);
  if (options.json === true) terminal.out(renderJson({ ...published, position }));
  else terminal.out(`published ${type} as event ${published.id} at ${position}`);
};

/** `esteira events publish`. */
export const addEventsCommands = (program: Command, context: CommandContext, finish: Finish): void => {
  const events = program.command('events').description('events: publishing one');
  const command = events
    .command('publish')
    .description('publish an event; its payload is checked before it leaves')
    .argument('<type>', 'event type, such as billing.events.InvoicePaid')
    .requiredOption('--tenant <id>', 'whose event it is')
    .requiredOption('--payload <json>', 'JSON, @file, or - for standard input')
    .option('--id <id>', 'the same id is the same event: give it to repeat safely');
  addProducingOptions(command).action(async (type: string, _, self: Command) => {
    await publish(context, type, self.optsWithGlobals<ProducingOptions>());
    finish(EXIT.done);
  });
};
