import { boardJson } from './board-json.ts';
import { business } from './business.ts';
import { deadLetters } from './dead-letters.ts';
import { overview } from './overview.ts';
import type { Board } from './panel.ts';
import { queuesAndTenants } from './queues-and-tenants.ts';
import { runtime } from './runtime.ts';

/** All boards. */
export const boards: readonly Board[] = [overview, queuesAndTenants, deadLetters, business, runtime];

/** The files below `dashboards/grafana/boards`, by name. */
export const boardFiles = (): ReadonlyMap<string, string> =>
  new Map(
    boards.map((board) => [`${board.uid}.json`, `${JSON.stringify(boardJson(board), undefined, 2)}\n`]),
  );
