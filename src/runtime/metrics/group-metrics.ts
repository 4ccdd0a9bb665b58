import type { Attributes } from '@opentelemetry/api';
import type { WorkerFacts } from '../../consumers/worker-facts.ts';
import type { Count, LabelledSpread, MetricFamilies } from '../../telemetry/metrics/metric-families.ts';

/** Conventions of OpenTelemetry; the rules of the memory broker are those of Kafka. */
const SYSTEM = { messaging_system: 'kafka' } as const;

const groupLabels = (operation: string, name: string, topic: string): Attributes => ({
  ...SYSTEM,
  messaging_operation_name: operation,
  messaging_consumer_group_name: name,
  messaging_destination_name: topic,
});

const consumedOf = ({ name, topics }: WorkerFacts): readonly Count[] =>
  [...topics].map(([topic, { consumed }]) => ({
    labels: groupLabels('poll', name, topic),
    value: consumed,
  }));

const processedOf = ({ name, topics }: WorkerFacts): readonly LabelledSpread[] =>
  [...topics].flatMap(([topic, { returned, failed }]) => {
    const labels = groupLabels('process', name, topic);
    return [
      // Most lanes are never used, and each would be twenty series.
      ...(returned.count === 0 ? [] : [{ labels, spread: returned }]),
      ...[...failed].map(([error, spread]) => ({ labels: { ...labels, error_type: error }, spread })),
    ];
  });

/** What consumer groups read and process, by the names that OpenTelemetry gives it. */
export const registerGroupMetrics = (families: MetricFamilies, read: () => readonly WorkerFacts[]): void => {
  families.pullCounts(
    'counter',
    {
      name: 'messaging_client_consumed_messages_total',
      description: 'Records that were fetched.',
    },
    () => read().flatMap(consumedOf),
  );
  families.pullSpreads(
    {
      name: 'messaging_process_duration_seconds',
      description: 'How long handlers ran, by the topic that the record was fetched from.',
    },
    () =>
      read()
        .filter(({ kind }) => kind === 'job')
        .flatMap(processedOf),
  );
};
