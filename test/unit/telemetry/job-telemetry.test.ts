import { describe, expect, it } from 'vitest';
import { EsteiraError } from '../../../src/core/errors.ts';
import { JobEvent } from '../../../src/core/generated/job-event.ts';
import { jobEvent } from '../../support/job-events.ts';
import { telemetryBundle as bundle, coldSerde, settle } from './telemetry-bundle.ts';

describe('encoding', () => {
  it('gives bytes at once, because the schema id was looked up at the start', async () => {
    const { telemetry } = await bundle();
    const { key, value } = telemetry.encode(jobEvent('job.started'));
    expect(key.toString()).toBe('acme');
    expect(JSON.parse(value.toString())).toEqual(jobEvent('job.started'));
  });

  it('fails at the start when the registry does not know the schema', async () => {
    const unregistered = new EsteiraError('ESTEIRA_SCHEMA_NOT_REGISTERED', JobEvent.name);
    const serde = { ...coldSerde(), warm: () => Promise.reject(unregistered) };
    await expect(bundle({ serde })).rejects.toBe(unregistered);
  });

  it('throws a typed error instead of handing out a promise when the id is lost', async () => {
    const { telemetry, serde } = await bundle();
    serde.forget();
    const encode = () => telemetry.encode(jobEvent('job.started'));
    expect(encode).toThrow(EsteiraError);
    expect(() => encode()).toThrow(/telemetry cannot be encoded/);
  });

  it('writes each key as it is, however many there are and however often they come', async () => {
    const { telemetry } = await bundle();
    const tenants = Array.from({ length: 1_500 }, (_, at) => `inquilino-${at}-ção`);
    const texts = [...tenants, '', 'x'.repeat(300), ...tenants, '🙂'.repeat(80), 'acme', 'acme'];
    const keys = texts.map((tenantId) => telemetry.encode(jobEvent('job.started', { tenantId })).key);
    expect(keys.map((key) => key.toString())).toEqual(texts);
  });

  it("takes the key from the app's function, and the tenant where that function throws", async () => {
    let broken = false;
    const partitionKey = ({ dimensions }: JobEvent): string => {
      if (broken) throw new Error('no region');
      return `${dimensions['marketplace']}:${dimensions['region']}`;
    };
    const { telemetry, log } = await bundle({ partitionKey });
    const event = jobEvent('job.completed', { dimensions: { marketplace: 'm1', region: 'br' } });
    expect(telemetry.encode(event).key.toString()).toBe('m1:br');
    broken = true;
    expect(telemetry.encode(event).key.toString()).toBe('acme');
    telemetry.encode(event);
    expect(log.messages('error')).toEqual(['telemetry.partition_key_failed']);
  });
});

describe('observing', () => {
  it('tells each observer of each event, in order', async () => {
    const told: string[] = [];
    const { telemetry } = await bundle({
      observers: [({ type }) => told.push(`1 ${type}`), ({ type }) => told.push(`2 ${type}`)],
    });
    telemetry.observe(jobEvent('job.started'));
    telemetry.observe(jobEvent('job.completed'));
    expect(told).toEqual(['1 job.started', '2 job.started', '1 job.completed', '2 job.completed']);
  });

  it('logs an observer that throws once, and tells the others and itself of what follows', async () => {
    const told: string[] = [];
    const broken = ({ type }: JobEvent): void => {
      told.push(`broken ${type}`);
      throw new Error('listener bug');
    };
    const { telemetry, log } = await bundle({ observers: [broken, ({ type }) => told.push(type)] });
    telemetry.observe(jobEvent('job.started'));
    telemetry.observe(jobEvent('job.completed'));
    expect(told).toEqual(['broken job.started', 'job.started', 'broken job.completed', 'job.completed']);
    expect(log.lines).toEqual([
      {
        level: 'error',
        message: 'telemetry.observer_failed',
        facts: { observer: 'broken', error: 'listener bug' },
      },
    ]);
  });

  it('survives an async observer that rejects: the rejection does not end the process', async () => {
    const { telemetry, log } = await bundle({
      observers: [async () => Promise.reject(new Error('late bug'))],
    });
    telemetry.observe(jobEvent('job.started'));
    telemetry.observe(jobEvent('job.completed'));
    await settle();
    expect(log.lines.map(({ facts }) => facts['error'])).toEqual(['late bug']);
  });
});
