import { type Esteira, isEsteiraError } from '../../../src/index.ts';
import type { Dependencies } from '../dependencies.ts';
import { aiActionConfirmed, invoicePaid, subscriptionCanceled, tenantCreated } from '../events.ts';
import type { InvoicePaid } from '../generated/invoice-paid.ts';
import { cleanupExpiredEmbeddingsJob } from '../jobs/cleanup-expired-embeddings.ts';
import { actionAboutNothing, noise, writeForeign } from './foreign-hand.ts';
import type { Narrator } from './narrator.ts';

export const JARDIM = 'jardim-das-flores';
export const AURORA = 'edificio-aurora';
export const TORRE = 'torre-norte';
export const TENANTS = [JARDIM, AURORA, TORRE] as const;
/** Nobody has heard of this one. */
export const GHOST = 'condominio-fantasma';
/** The document that no model can embed. */
export const STUBBORN_DOCUMENT = 'scan-1987';

/** Payments in the order in which they come in. */
export const PAYMENTS = [
  { tenant: JARDIM, payment: 'pay-101', amountCents: 45_000 },
  { tenant: JARDIM, payment: 'pay-102', amountCents: 46_550 },
  { tenant: AURORA, payment: 'pay-201', amountCents: 120_000 },
  { tenant: JARDIM, payment: 'pay-103', amountCents: 44_990 },
  { tenant: TORRE, payment: 'pay-301', amountCents: 99_900 },
  { tenant: AURORA, payment: 'pay-202', amountCents: 80_010 },
] as const;

type Payment = (typeof PAYMENTS)[number];

/** What the story works with. `mark` makes ids unique, so that the demo can run twice on the same services. */
export interface Stage {
  readonly esteira: Esteira;
  readonly dependencies: Dependencies;
  readonly narrator: Narrator;
  readonly mark: (id: string) => string;
}

/** How much the story put in. */
export interface Told {
  published: number;
  foreign: number;
  dispatched: number;
  refused: number;
}

const invoiceOf = ({ tenant, payment, amountCents }: Payment, mark: Stage['mark']): InvoicePaid => ({
  tenantId: tenant,
  invoiceId: mark(payment.replace('pay', 'inv')),
  paymentId: mark(payment),
  amountCents,
  currency: 'BRL',
  lines: [{ description: 'Condominium fee', amountCents }],
  paidAt: Date.now(),
});

const arrivals = async ({ esteira, narrator, mark }: Stage, told: Told): Promise<void> => {
  const plans = { [JARDIM]: 'STANDARD', [AURORA]: 'PREMIUM', [TORRE]: 'FREE' } as const;
  for (const tenant of TENANTS) {
    const value = { tenantId: tenant, name: tenant, plan: plans[tenant], units: 40, createdAt: Date.now() };
    await esteira.publish(tenantCreated, value, { tenant, id: mark(`new-${tenant}`) });
    told.published += 1;
    narrator.say('published', { type: 'TenantCreated', tenant, text: mark(`new-${tenant}`) });
  }
};

const pay = async (stage: Stage, told: Told, payment: Payment, id: string, note = ''): Promise<void> => {
  const { esteira, narrator, mark } = stage;
  await esteira.publish(invoicePaid, invoiceOf(payment, mark), { tenant: payment.tenant, id: mark(id) });
  told.published += 1;
  narrator.say('published', { type: 'InvoicePaid', tenant: payment.tenant, text: `${mark(id)}${note}` });
};

const payments = async (stage: Stage, told: Told): Promise<void> => {
  for (const payment of PAYMENTS) await pay(stage, told, payment, payment.payment);
  const [first, second, third] = PAYMENTS;
  await pay(stage, told, first, first.payment, ' (the same event once more)');
  await pay(stage, told, third, third.payment, ' (the same event once more)');
  await pay(stage, told, second, 'notice-of-pay-102', ' (another event about the same payment)');
};

const assistant = async ({ esteira, narrator, mark }: Stage, told: Told): Promise<void> => {
  const documents = { [JARDIM]: ['minutes-2026', 'bylaws'], [TORRE]: [STUBBORN_DOCUMENT] } as const;
  for (const tenant of [JARDIM, TORRE] as const) {
    const id = mark(`act-${tenant}`);
    const value = {
      ...{ tenantId: tenant, actionId: id, action: 'send-assembly-notice', confirmedBy: 'user-7' },
      ...{ documentIds: documents[tenant], confirmedAt: Date.now() },
    };
    await esteira.publish(aiActionConfirmed, value, { tenant, id, userId: 'user-7' });
    told.published += 1;
    narrator.say('published', { type: 'AIActionConfirmed', tenant, text: id });
  }
};

const departures = async ({ esteira, narrator, mark }: Stage, told: Told): Promise<void> => {
  for (const tenant of [TORRE, AURORA, GHOST]) {
    const id = mark(`end-${tenant}`);
    const value = { tenantId: tenant, subscriptionId: id, reason: null, effectiveAt: Date.now() };
    await esteira.publish(subscriptionCanceled, value, { tenant, id });
    told.published += 1;
    narrator.say('published', { type: 'SubscriptionCanceled', tenant, text: id });
  }
};

const upkeep = async ({ esteira, dependencies, mark }: Stage, told: Told): Promise<void> => {
  const cleanUp = cleanupExpiredEmbeddingsJob(dependencies.embeddings.index);
  await esteira.dispatch(cleanUp, { olderThanDays: 90 }, { tenant: JARDIM, id: mark('cleanup-1') });
  await esteira.dispatch(
    cleanUp,
    { olderThanDays: 90 },
    { tenant: AURORA, id: mark('cleanup-2'), delay: '300ms', priority: 10 },
  );
  told.dispatched += 2;
};

const foreignHand = async ({ esteira, narrator, mark }: Stage, told: Told): Promise<void> => {
  const records = [
    await actionAboutNothing(esteira, AURORA, mark('act-nothing')),
    noise(AURORA, mark('noise')),
  ];
  await writeForeign(esteira, records);
  for (const { eventType, tenant, id } of records) {
    told.foreign += 1;
    narrator.say('foreign', {
      type: eventType.split('.').at(-1) ?? '',
      tenant,
      text: `${id}, written by another program`,
    });
  }
};

/** Bad input at the door: nothing is written. */
const badInput = async ({ esteira, narrator, mark }: Stage, told: Told): Promise<void> => {
  const good = invoiceOf(PAYMENTS[0], mark);
  const description = `your door code, senha: ${['8842', 'xyz'].join('-')}`;
  const attempts = [
    { what: 'an amount below zero', tenant: JARDIM, value: { ...good, amountCents: -1 } },
    { what: 'no tenant', tenant: '', value: good },
    {
      what: 'a password in a text',
      tenant: JARDIM,
      value: { ...good, lines: [{ description, amountCents: 1 }] },
    },
  ];
  for (const { what, tenant, value } of attempts) {
    await esteira.publish(invoicePaid, value, { tenant }).catch((error: unknown) => {
      if (!isEsteiraError(error)) throw error;
      told.refused += 1;
      narrator.say('refused', { type: 'InvoicePaid', tenant, text: `${what}: ${error.code}` });
    });
  }
};

/** Tells the story from the first tenant to the last dead letter; resolves when everything is on its topic. */
export const tellStory = async (stage: Stage): Promise<Told> => {
  const told: Told = { published: 0, foreign: 0, dispatched: 0, refused: 0 };
  for (const chapter of [arrivals, payments, assistant, departures, upkeep, foreignHand, badInput]) {
    await chapter(stage, told);
  }
  return told;
};
