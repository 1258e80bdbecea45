// What the platform's parts have written down, read past their own APIs.
import { loadCatalogue } from '../../infra/catalog/load';
import { sql } from '../journey/database';
import { inPlatform } from '../journey/platform';
import { mailsTo, ofStandIn } from '../journey/stand-ins';

const idList = (ids: string[]) => ids.map((id) => `'${id}'`).join(',');

/** Units that can still be ordered, by product: once nothing is held any more, what was not sold. */
export const stockOf = async (productIds: string[]): Promise<Record<string, number>> =>
  Object.fromEntries(
    (
      await sql(
        'inventory',
        `select product_id, stock - held from stock_items where product_id in (${idList(productIds)})`,
      )
    ).map(([id, available]) => [id, Number(available)]),
  );

/** One of each service, under its name. */
const databases = loadCatalogue('local').map(({ name }) => name);

/** Messages that have not left their service. */
export const unsentMessages = async (): Promise<Record<string, number>> =>
  Object.fromEntries(
    await Promise.all(
      databases.map(async (database) => {
        const [[count] = []] = await sql(database, 'select count(*) from outbox');
        return [database, Number(count)] as const;
      }),
    ),
  );

/** Bytes in the topics of dead letters. */
export const deadLetterBytes = async (): Promise<number> => {
  const list = 'ls -l /var/lib/kafka/data/log/*.dlq-*/*.log';
  const lines = await inPlatform('exec', 'kafka-0', '-c', 'kafka', '--', 'sh', '-c', list);
  return lines
    .split('\n')
    .filter(Boolean)
    .reduce((sum, line) => sum + Number(line.split(/\s+/)[4]), 0);
};

export interface Charge {
  orderId: string;
  amount: { amount: number; currency: string };
}

interface StripeCharge {
  amount_captured: number;
  amount_refunded: number;
  currency: string;
  status: string;
  metadata: { order_id?: string };
}

/** What the ledger adds up to, by currency. */
export const ledgerTotals = async (): Promise<Record<string, number>> =>
  Object.fromEntries(
    (await sql('payment', 'select currency, sum(amount) from ledger_postings group by currency')).map(
      ([currency, total]) => [currency, Number(total)],
    ),
  );

/** Money the gateway has taken and kept. */
export const charges = async (): Promise<Charge[]> => {
  const all = await ofStandIn<{ charges: StripeCharge[] }>('payment-sandbox', 12111, '/_sandbox/charges');
  return all.charges
    .filter((charge) => charge.status === 'succeeded' && charge.amount_refunded < charge.amount_captured)
    .map(({ amount_captured, amount_refunded, currency, metadata }) => ({
      orderId: metadata.order_id ?? '',
      amount: { amount: amount_captured - amount_refunded, currency: currency.toUpperCase() },
    }));
};

export interface Label {
  /** What the shop calls the parcel: the order's id without dashes, and a number. */
  reference: string;
  /** Tracking number. */
  id: string;
}

/** Labels that carriers have sold and not taken back. */
export const labels = async (): Promise<Label[]> => {
  const all = await ofStandIn<{ labels: (Label & { voided: boolean })[] }>(
    ...(['carriers-sandbox', 12121, '/_sandbox/labels'] as const),
  );
  return all.labels.filter(({ voided }) => !voided).map(({ reference, id }) => ({ reference, id }));
};

/** Subjects of mails; who gets one twice, as a mail program knows it, sees it once. */
export const subjectsOfMails = async (address: string): Promise<string[]> => [
  ...new Map((await mailsTo(address)).map(({ messageId, subject }) => [messageId, subject])).values(),
];
