import { type SupervisorWord, supervise } from './supervisor.ts';

/** The background process behind `npm run stack`: it is started by `up.ts` and talks to it until all is ready. */
const say = (word: SupervisorWord) => {
  process.send?.(word);
  if (word.kind === 'ready') process.off('disconnect', giveUp);
};
// An `up` that ends before the stack is ready was interrupted: leave nothing behind. The watchdog does the rest.
const giveUp = () => process.exit(1);
process.on('disconnect', giveUp);

supervise(process.argv.slice(2), say).then(
  () => process.exit(0),
  (error: unknown) => {
    const exit = () => process.exit(1);
    const reason = error instanceof Error ? error.message : String(error);
    if (process.connected) process.send?.({ kind: 'failed', reason } satisfies SupervisorWord, exit);
    else exit();
  },
);
