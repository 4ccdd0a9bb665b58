import { causeChain, errorFacts, readProperty } from './error-facts.ts';

const NAME_FORM = /^[A-Za-z0-9_.:[\]-]{1,128}$/;

const text = (value: unknown): string | undefined => {
  const found = typeof value === 'number' ? String(value) : value;
  return typeof found === 'string' && NAME_FORM.test(found) ? found : undefined;
};

const nameOf = (link: unknown): string | undefined => {
  const provider = text(readProperty(readProperty(link, 'facts'), 'provider'));
  if (provider !== undefined) return provider;
  const host = text(readProperty(link, 'hostname')) ?? text(readProperty(link, 'address'));
  const port = text(readProperty(link, 'port'));
  return host === undefined || port === undefined ? host : `${host}:${port}`;
};

/**
 * A name for what an error says is down: the provider it came through, else the host it could not reach, else the
 * error's own code. The words of a message are never read.
 */
export const dependencyOf = (error: unknown): string => {
  for (const link of causeChain(error)) {
    const name = nameOf(link);
    if (name !== undefined) return name;
  }
  const { code, status, className } = errorFacts(error);
  return code ?? (status === undefined ? className : `status-${status}`);
};
