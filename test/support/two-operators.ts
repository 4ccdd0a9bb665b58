import { writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '../../src/config/index.ts';
import { operatorOf } from './operator.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Two people at their own command lines: the machine's one user is somebody else in each one's operators' file. */
export const twoOperators = (environment: Environment) => {
  const folder = temporaryFolder('operators');
  const as = (name: string, roles: readonly string[]) => {
    const file = join(folder, `${name}.json`);
    writeFileSync(file, JSON.stringify({ operators: { [userInfo().username]: { name, roles } } }));
    return operatorOf({ ...environment, ESTEIRA_OPERATORS_FILE: file });
  };
  return { ana: as('ana', ['operator']), bea: as('bea', ['operator', 'approver']) };
};
