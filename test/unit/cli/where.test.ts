import { expect, test } from 'vitest';
import { makeCommandLine } from './command-line.ts';

const applied = async () => {
  const line = makeCommandLine();
  expect((await line.run(['topics', 'apply'])).code).toBe(0);
  return line;
};

/** A dispatched job that nobody runs; its id. */
const dispatched = async ({ run }: Awaited<ReturnType<typeof applied>>): Promise<string> => {
  const args = ['jobs', 'dispatch', 'make-report', '--tenant', 'acme', '--payload', '{"month":"2026-10"}'];
  return JSON.parse((await run([...args, '--json'])).out).id;
};

test('jobs why says where a job is in sentences, and never what is in it', async () => {
  const line = await applied();
  const id = await dispatched(line);
  const { code, out } = await line.run(['jobs', 'why', id, '--tenant', 'acme']);
  expect(code).toBe(0);
  expect(out.split('\n')).toEqual([
    `make-report ${id} is dispatched.`,
    'It stands at shop.job.make-report/0/0, the first of its partition that is not settled, and waits for a worker.',
    'What to do: See whether workers of queue default run and keep up: `esteira queues list`.',
  ]);
  expect(out).not.toContain('2026-10');
});

test('jobs show has the facts and what was told, newest last', async () => {
  const line = await applied();
  const id = await dispatched(line);
  const { code, out } = await line.run(['jobs', 'show', id]);
  expect(code).toBe(0);
  expect(out).toMatch(/^state +dispatched$/m);
  expect(out).toMatch(/^position +shop.job.make-report.0.0$/m);
  expect(out).toMatch(/job\.dispatched +0 of 1/);
});

test('a job that nobody knows ends with 1', async () => {
  const line = await applied();
  const { code, out } = await line.run(['jobs', 'why', 'nope', '--since', '2h']);
  expect(code).toBe(1);
  expect(out).toContain('Nothing was told of it since');
});

test('queues list counts what waits by job type', async () => {
  const line = await applied();
  await dispatched(line);
  const { code, out } = await line.run(['queues', 'list']);
  expect(code).toBe(0);
  expect(out).toMatch(/default +send-receipt +0 +0 +- +- +- +0 +-/);
  expect(out).toMatch(/default +make-report +- +1 +- +- +\d+ \w+ +0 +- +0/);
  expect(out).toMatch(/^make-report has records and no worker: nobody runs [\w-]+\.job\.make-report$/m);
});

test('keys are asked of types with order only, and a change wants to know who and why', async () => {
  const line = await applied();
  expect(await line.run(['keys', 'list', 'make-report'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('has no order, so it has no keys'),
  });
  const skip = await line.run(['keys', 'skip', 'make-report', '--tenant', 'acme', '--key', 'k']);
  expect(skip.code).toBe(2);
});
