import type { Esteira } from '../../../src/index.ts';
import { aiActionConfirmed, tenantCreated } from '../events.ts';

/** A record as a program writes it that knows nothing of Esteira: CloudEvents headers, key, bytes. */
export interface ForeignRecord {
  readonly topic: string;
  readonly eventType: string;
  readonly id: string;
  readonly tenant: string;
  readonly value: Buffer;
}

/** An event that the schema allows and its check does not: a confirmed action about no document. */
export const actionAboutNothing = async (
  esteira: Esteira,
  tenant: string,
  id: string,
): Promise<ForeignRecord> => ({
  topic: aiActionConfirmed.topic,
  eventType: aiActionConfirmed.type,
  ...{ id, tenant },
  value: await esteira.backend.serde.encode(aiActionConfirmed.contract, {
    ...{ tenantId: tenant, actionId: id, action: 'send-assembly-notice', confirmedBy: 'user-7' },
    ...{ documentIds: [], confirmedAt: Date.now() },
  }),
});

/** Bytes that are no Avro at all. */
export const noise = (tenant: string, id: string): ForeignRecord => ({
  topic: tenantCreated.topic,
  eventType: tenantCreated.type,
  ...{ id, tenant },
  value: Buffer.from('these bytes are no Avro'),
});

/** Writes records past every check of `publish`, as somebody else's program can. */
export const writeForeign = async (esteira: Esteira, records: readonly ForeignRecord[]): Promise<void> => {
  const producer = await esteira.backend.broker.createProducer();
  for (const { topic, eventType, id, tenant, value } of records) {
    const headers = {
      ce_specversion: '1.0',
      ce_id: id,
      ce_type: eventType,
      ce_source: 'foreign-program',
      ce_tenantid: tenant,
    };
    await producer.send({
      topic,
      key: Buffer.from(tenant),
      value,
      headers: Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)] as const),
    });
  }
  await producer.close();
};
