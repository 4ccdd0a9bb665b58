/** What a receipt is made of. */
export interface ReceiptOrder {
  readonly tenant: string;
  readonly paymentId: string;
  readonly invoiceId: string;
  readonly amountCents: number;
}

export interface Letter {
  readonly to: string;
  readonly subject: string;
  readonly body: string;
}

/** Sends letters. The same `key` sent twice is one letter. Rejects when the service is down. */
export interface Mailer {
  send(letter: Letter, key: string, signal: AbortSignal): Promise<void>;
}

/** `123456` is `R$ 1234,56`. */
export const inReais = (cents: number): string => `R$ ${(cents / 100).toFixed(2).replace('.', ',')}`;

/** Sends the receipt of a payment to the condominium's treasurer. */
export const sendReceipt =
  (mailer: Mailer) =>
  (order: ReceiptOrder, signal: AbortSignal): Promise<void> =>
    mailer.send(
      {
        to: `treasurer@${order.tenant}.example`,
        subject: `Receipt for invoice ${order.invoiceId}`,
        body: `We have received ${inReais(order.amountCents)}. Thank you.`,
      },
      order.paymentId,
      signal,
    );
