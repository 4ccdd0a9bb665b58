import { expect, test } from 'vitest';
import { ArgumentProblem, parseBenchArguments } from '../../../bench/arguments.ts';

const KNOWN = ['throughput', 'latency'];

test('without arguments everything runs, three rounds', () => {
  expect(parseBenchArguments([], KNOWN)).toEqual({
    ...{ names: [], json: false, small: false, save: false, rounds: 3 },
  });
});

test('a small run has one round, unless more are asked for', () => {
  expect(parseBenchArguments(['--small'], KNOWN).rounds).toBe(1);
  expect(parseBenchArguments(['--small', '--rounds', '2'], KNOWN).rounds).toBe(2);
});

test('programs are chosen by name, among flags', () => {
  const { names, json, save } = parseBenchArguments(['latency', '--json', '--save'], KNOWN);
  expect({ names, json, save }).toEqual({ names: ['latency'], json: true, save: true });
});

test('an unknown program is refused with the names there are', () => {
  expect(() => parseBenchArguments(['speed'], KNOWN)).toThrow(/there is no speed.*throughput, latency/);
});

test.each([['--rounds', '0'], ['--rounds', 'many'], ['--fast'], ['--long']])(
  '%s %s is refused',
  (...args) => {
    expect(() => parseBenchArguments(args, KNOWN)).toThrow(ArgumentProblem);
  },
);
