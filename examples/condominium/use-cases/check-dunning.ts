/** Which payment is looked into. */
export interface DunningCheck {
  readonly tenant: string;
  readonly invoiceId: string;
}

/** Open reminders of invoices. */
export interface Reminders {
  isOpen(check: DunningCheck): Promise<boolean>;
  close(check: DunningCheck): Promise<void>;
}

/** Some time after a payment: an invoice that is paid is reminded of no more. */
export const checkDunning =
  (reminders: Reminders) =>
  async (check: DunningCheck): Promise<void> => {
    if (await reminders.isOpen(check)) await reminders.close(check);
  };
