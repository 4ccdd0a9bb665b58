import { describe, expect, it } from 'vitest';
import { type AppDefinition, defineApp } from '../../../src/core/app.ts';
import { groupsOf, subscriptionOf, topicsOf } from '../../../src/core/app-topics.ts';
import { defineEvent } from '../../../src/core/event.ts';
import { defineJob } from '../../../src/core/job.ts';
import { knownTenants } from '../../../src/core/tenants.ts';

const DAY_MS = 86_400_000;
const run = () => undefined;
const paid = defineEvent(
  { name: 'shop.Paid', schema: 'string' },
  { topic: 'shop.events', check: 'none', partitions: 4 },
);
const sent = defineEvent(
  { name: 'shop.Sent', schema: 'string' },
  { topic: 'shop.events', check: 'none', partitions: 8 },
);
const failed = defineEvent(
  { name: 'esteira.events.JobFailed', schema: 'string' },
  { topic: 'shop.failures', check: 'none' },
);
const receipt = defineJob({ type: 'send-receipt', kind: 'reactive', on: [paid, sent], order: 'none', run });
const alarm = defineJob({
  type: 'raise-alarm',
  kind: 'system',
  on: failed,
  order: 'none',
  startFrom: 'beginning',
  run,
});

const app: AppDefinition = defineApp({
  name: 'shop',
  events: [paid, sent, failed],
  jobs: [receipt, alarm],
  tenants: knownTenants(['acme']),
  tiers: ['1s', '6h'],
  partitions: 3,
});

const byName = (replicationFactor: number) =>
  new Map(topicsOf(app, { replicationFactor }).map((topic) => [topic.topic, topic]));

describe('the topics of an app', () => {
  it('are those of its events, job types, tiers, and the shared ones, each once', () => {
    expect(topicsOf(app, { replicationFactor: 1 }).map(({ topic, role }) => `${role} ${topic}`)).toEqual([
      'event shop.events',
      'inbox shop.job.send-receipt',
      'inbox shop.job.send-receipt.surplus',
      'inbox shop.job.raise-alarm',
      'inbox shop.job.raise-alarm.surplus',
      'tier shop.retry.1s',
      'tier shop.retry.1m',
      'tier shop.retry.5m',
      'tier shop.retry.6h',
      'dead-letters shop.dlq.send-receipt',
      'dead-letters shop.dlq.raise-alarm',
      'unroutable shop.unroutable',
      'failures shop.failures',
      'telemetry shop.telemetry.jobs',
      'audit shop.audit',
      'control shop.control',
    ]);
  });

  it('have the partitions of the app, event topics the most any of their events asks for', () => {
    expect(byName(1).get('shop.events')?.partitions).toBe(8);
    expect(byName(1).get('shop.job.send-receipt')?.partitions).toBe(3);
  });

  it('take the largest source record with room for headers', () => {
    expect(byName(1).get('shop.dlq.send-receipt')?.config['max.message.bytes']).toBe(
      String(1_048_576 + 65_536),
    );
    const large = topicsOf(app, { replicationFactor: 1, largestRecordBytes: 5_000_000 });
    expect(large.find(({ role }) => role === 'inbox')?.config['max.message.bytes']).toBe('5065536');
  });

  it('keep tiers on broker time, longer than their delay', () => {
    const tier = byName(1).get('shop.retry.6h');
    expect(tier?.config['message.timestamp.type']).toBe('LogAppendTime');
    expect(tier?.config['retention.ms']).toBe(String(6 * 3_600_000 + 7 * DAY_MS));
  });

  it('keep dead letters for 90 days and audits for a year', () => {
    expect(byName(1).get('shop.dlq.raise-alarm')?.config['retention.ms']).toBe(String(90 * DAY_MS));
    expect(byName(1).get('shop.audit')?.config['retention.ms']).toBe(String(365 * DAY_MS));
  });

  it('keep what operators have decided for ever, in one partition, so that the log says who came first', () => {
    const control = byName(3).get('shop.control');
    expect(control?.partitions).toBe(1);
    expect(control?.config).toMatchObject({ 'cleanup.policy': 'compact', 'min.insync.replicas': '2' });
    expect(control?.config).not.toHaveProperty('retention.ms');
  });

  it('ask for two in-sync replicas wherever there are three', () => {
    const withDurability = (replicationFactor: number) =>
      [...byName(replicationFactor).values()].filter(({ config }) => config['min.insync.replicas'] === '2')
        .length;
    expect(withDurability(2)).toBe(0);
    expect(withDurability(3)).toBe(byName(3).size);
  });

  it('leave all other settings of event topics to the broker', () => {
    expect(byName(1).get('shop.events')?.config).toEqual({});
  });
});

describe('the groups of an app', () => {
  it('read the topics of their triggers, each once, and their inbox', () => {
    expect(subscriptionOf(app, receipt)).toEqual([
      'shop.events',
      'shop.job.send-receipt',
      'shop.job.send-receipt.surplus',
    ]);
    expect(subscriptionOf(app, alarm)).toEqual([
      'shop.failures',
      'shop.job.raise-alarm',
      'shop.job.raise-alarm.surplus',
    ]);
  });

  it('start where the job type says on events, and at the beginning of inboxes and tiers', () => {
    const groups = new Map(groupsOf(app).map(({ groupId, starts }) => [groupId, starts]));
    expect([...groups.keys()]).toEqual([
      'shop.job.send-receipt',
      'shop.job.raise-alarm',
      'shop.relay.1s',
      'shop.relay.1m',
      'shop.relay.5m',
      'shop.relay.6h',
    ]);
    expect(groups.get('shop.job.send-receipt')).toEqual([
      { topic: 'shop.events', from: 'now' },
      { topic: 'shop.job.send-receipt', from: 'beginning' },
      { topic: 'shop.job.send-receipt.surplus', from: 'beginning' },
    ]);
    expect(groups.get('shop.job.raise-alarm')?.[0]).toEqual({ topic: 'shop.failures', from: 'beginning' });
    expect(groups.get('shop.relay.1m')).toEqual([{ topic: 'shop.retry.1m', from: 'beginning' }]);
  });
});
