import { z } from 'zod';
import { EsteiraError } from '../core/errors.ts';

/** What a person may do: look, change what runs, or agree to what another has asked for. */
export const OPERATOR_ROLES = ['viewer', 'operator', 'approver'] as const;

export type OperatorRole = (typeof OPERATOR_ROLES)[number];

/** Who runs a command. */
export interface Operator {
  /** As it stands in audits. */
  readonly name: string;
  readonly roles: readonly OperatorRole[];
  /** Whether somebody vouches for the name; where nobody does, an option may say another. */
  readonly isKnown: boolean;
}

/** Says who runs this process. An app with a stronger proof than the machine's user puts its own in place. */
export interface Identity {
  /** @throws EsteiraError ESTEIRA_OPERATOR_REFUSED when it is nobody who may do anything */
  whoRuns(): Promise<Operator>;
}

/** The operators' file: users of the machine, and who each of them is. */
const Operators = z.object({
  operators: z.record(
    z.string().min(1),
    z.object({ name: z.string().min(1).max(200), roles: z.array(z.enum(OPERATOR_ROLES)).min(1) }),
  ),
});

/** Where to find who may do what. */
export interface FileIdentityParts {
  /** The text of the operators' file; undefined where there is none. */
  readonly text: string | undefined;
  /** Its name, for messages. */
  readonly file: string;
  /** The user of the machine this process runs as. */
  readonly osUser: string;
  readonly production: boolean;
  /** Told once when nobody is asked who they are. */
  readonly warn: (message: string) => void;
}

const refuse = (message: string, facts: Record<string, string>): EsteiraError =>
  new EsteiraError('ESTEIRA_OPERATOR_REFUSED', message, { facts });

const read = (text: string, file: string): z.infer<typeof Operators>['operators'] => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new EsteiraError('ESTEIRA_CONFIG_INVALID', `${file} is not JSON: nobody may do anything`, {
      facts: { file },
      cause,
    });
  }
  const parsed = Operators.safeParse(json);
  if (parsed.success) return unambiguous(parsed.data.operators, file);
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new EsteiraError(
    'ESTEIRA_CONFIG_INVALID',
    `${file} cannot be used:\n  - ${problems.join('\n  - ')}`,
    {
      facts: { file, problems },
    },
  );
};

/** Two users under one name could agree to their own wishes. */
const unambiguous = <T extends Readonly<Record<string, { readonly name: string }>>>(
  operators: T,
  file: string,
): T => {
  const names = Object.values(operators).map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return operators;
  throw new EsteiraError('ESTEIRA_CONFIG_INVALID', `${file}: two users are called ${twice}`, {
    facts: { file },
  });
};

/**
 * The default: the user of the machine, looked up in the operators' file. As strong as the shell it runs in and the
 * broker credentials found there, and no stronger. Without a file everybody is an operator, with a warning; in production
 * nobody is.
 *
 * @throws EsteiraError ESTEIRA_CONFIG_INVALID when the file is not what it should be (from `whoRuns`)
 */
export const fileIdentity = ({ text, file, osUser, production, warn }: FileIdentityParts): Identity => ({
  whoRuns: async () => {
    if (text !== undefined) {
      const operators = read(text, file);
      const found = Object.hasOwn(operators, osUser) ? operators[osUser] : undefined;
      if (found !== undefined) return { ...found, isKnown: true };
      throw refuse(`user ${osUser} is not in ${file}: ask who keeps it to add you`, { user: osUser, file });
    }
    if (production)
      throw refuse(
        `in production it must be known who operates: write ${file} (or name another file in ESTEIRA_OPERATORS_FILE) with {"operators": {"${osUser}": {"name": "…", "roles": ["operator"]}}}`,
        { user: osUser, file },
      );
    warn(`there is no ${file}: everybody is an operator and an approver, and nobody's name is checked`);
    return { name: osUser, roles: OPERATOR_ROLES, isKnown: false };
  },
});

/** @throws EsteiraError ESTEIRA_OPERATOR_REFUSED when the operator has not this role */
export const requireRole = ({ name, roles }: Operator, role: OperatorRole, what: string): void => {
  if (roles.includes(role)) return;
  throw refuse(`${name} may not ${what}: it takes the role ${role}`, { actor: name, role });
};

/**
 * The name that goes into the audit: the operator's, which `said` may only repeat; what is said, where nobody vouches for
 * the operator's.
 *
 * @throws EsteiraError ESTEIRA_OPERATOR_REFUSED when somebody known says to be another
 */
export const actorOf = ({ name, isKnown }: Operator, said: string | undefined): string => {
  if (said === undefined || said.trim() === name) return name;
  if (!isKnown) return said;
  throw refuse(`--actor says ${said.trim()}, but you are ${name}: leave it out`, { actor: name });
};
