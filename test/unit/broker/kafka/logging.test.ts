import { type LogEntry, logLevel } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { bridgeLog } from '../../../../src/broker/kafka/logging.ts';
import { recordingLog } from '../../../support/recording-log.ts';

const entry = (level: logLevel, namespace: string, message: string, extra: object = {}): LogEntry => ({
  level,
  namespace,
  label: 'x',
  log: { timestamp: 't', message, ...extra },
});

const { ERROR, WARN, INFO } = logLevel;

const bench = () => {
  const log = recordingLog();
  return { log, tell: bridgeLog(log)() };
};

describe('the log of the client', () => {
  it('has its rebalance and connection noise dropped', () => {
    const { log, tell } = bench();
    for (const namespace of ['Runner', 'Connection', 'ConsumerGroup', 'FetchManager', 'Fetcher 3'])
      tell(entry(ERROR, namespace, 'noise'));
    tell(entry(INFO, 'Consumer', 'Starting'));
    expect(log.lines).toEqual([]);
  });

  it('warns of what the client goes on from, and reports a crash as an error', () => {
    const { log, tell } = bench();
    tell(entry(ERROR, 'BrokerPool', 'Failed to connect'));
    tell(entry(WARN, 'Admin', 'could not'));
    tell(entry(ERROR, 'Consumer', 'Crash'));
    expect(log.lines.map(({ level }) => level)).toEqual(['warn', 'info', 'error']);
  });

  it('keeps names and numbers, never buffers, requests or stacks', () => {
    const { log, tell } = bench();
    const extra = {
      groupId: 'g',
      retryCount: 2,
      payload: Buffer.from('secret'),
      stack: 'at secret',
      error: { secret: 1 },
    };
    tell(entry(ERROR, 'Consumer', 'Crash', extra));
    expect(log.lines[0]?.facts).toEqual({ source: 'kafkajs Consumer', groupId: 'g', retryCount: 2 });
  });

  it('says the same thing once in a while, not at every attempt', () => {
    const { log, tell } = bench();
    for (let n = 0; n < 50; n++) tell(entry(ERROR, 'BrokerPool', 'Failed to connect', { retryCount: n }));
    tell(entry(ERROR, 'BrokerPool', 'Something else'));
    expect(log.lines).toHaveLength(2);
  });
});
