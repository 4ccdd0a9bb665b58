import { analytics } from './analytics.ts';
import { deadLetters } from './dead-letters.ts';
import { looking } from './looking.ts';
import { operating } from './operating.ts';
import type { ManualPages } from './page.ts';
import { replays } from './replays.ts';
import { running } from './running.ts';

/** The manual, by the path of each command. */
export const manual: ManualPages = {
  ...running,
  ...looking,
  ...analytics,
  ...deadLetters,
  ...replays,
  ...operating,
};
