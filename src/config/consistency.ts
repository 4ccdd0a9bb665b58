/** The variables as texts; only those that are set. */
export type SetVariables = Readonly<Record<string, string>>;

const START_SERVICES = '`npm run stack` starts Kafka, a schema registry and Redis and prints the variables';

const given = (variables: SetVariables, ...names: readonly string[]): readonly string[] =>
  names.filter((name) => variables[name] !== undefined);

/** Problems unless all of these are set or none is. */
const together = (variables: SetVariables, ...names: readonly string[]): readonly string[] => {
  const set = given(variables, ...names);
  if (set.length === 0 || set.length === names.length) return [];
  const missing = names.filter((name) => !set.includes(name));
  return missing.map((name) => `${name} is missing: it is needed beside ${set.join(' and ')}`);
};

/** The backend the variables ask for; an unknown one counts as none. */
export const backendOf = (variables: SetVariables): 'kafka' | 'memory' => {
  const chosen = variables['QUEUE_BACKEND']?.toLowerCase();
  if (chosen === 'kafka' || chosen === 'memory') return chosen;
  return variables['KAFKA_BROKERS'] === undefined ? 'memory' : 'kafka';
};

const missingServices = (variables: SetVariables): readonly string[] => {
  if (backendOf(variables) === 'memory') return [];
  const because =
    variables['QUEUE_BACKEND'] === undefined ? 'KAFKA_BROKERS is set' : 'QUEUE_BACKEND is kafka';
  const missing = ['KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL'].filter((name) => variables[name] === undefined);
  if (given(variables, 'REDIS_URL', 'REDIS_HOST').length === 0) missing.push('REDIS_URL (or REDIS_HOST)');
  return missing.map((name) => `${name} is missing: it is needed because ${because} (${START_SERVICES})`);
};

const contradictions = (variables: SetVariables): readonly string[] => {
  const problems: string[] = [];
  if (given(variables, 'REDIS_URL', 'REDIS_HOST').length === 2) {
    problems.push('REDIS_URL and REDIS_HOST are both set: leave one out');
  }
  const certificates = given(variables, 'KAFKA_SSL_CA', 'KAFKA_SSL_CERT', 'KAFKA_SSL_KEY');
  if (variables['KAFKA_SSL']?.toLowerCase() === 'false' && certificates.length > 0) {
    problems.push(`KAFKA_SSL is false, but ${certificates.join(', ')} is set: leave one out`);
  }
  return problems;
};

/** What is wrong between the variables, one sentence each; no sentence holds a value. */
export const inconsistencies = (variables: SetVariables): readonly string[] => [
  ...missingServices(variables),
  ...together(variables, 'KAFKA_SASL_MECHANISM', 'KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD'),
  ...together(variables, 'SCHEMA_REGISTRY_USERNAME', 'SCHEMA_REGISTRY_PASSWORD'),
  ...together(variables, 'KAFKA_SSL_CERT', 'KAFKA_SSL_KEY'),
  ...contradictions(variables),
];
