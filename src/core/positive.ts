import { EsteiraError } from './errors.ts';

/** A whole number from 1. @throws EsteiraError ESTEIRA_DEFINITION_INVALID naming `where`. */
export const positive = (value: number, where: string): number => {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new EsteiraError('ESTEIRA_DEFINITION_INVALID', `${where} is ${value}: give a whole number from 1`);
};
