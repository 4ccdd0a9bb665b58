/** What is due, or has waited, so long has time to wait for company on its way to Kafka (`mayWait`), ms. */
export const TIME_FOR_COMPANY_MS = 100;
