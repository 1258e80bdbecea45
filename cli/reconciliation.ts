/** What payment's own command answers (services/payment/application/reconciliation.ts). */
export interface Reconciliation {
  date: string;
  gateways: {
    gateway: string;
    movements: number;
    postings: number;
    differences: {
      what: string;
      kind: string;
      id: string;
      paymentId?: string;
      gateway?: Amount;
      ledger?: Amount;
    }[];
    error?: string;
  }[];
  unbalanced: { currency: string; total: number }[];
}

/** Minor units. */
interface Amount {
  amount: number;
  currency: string;
}

/** 2 if gateway and ledger differ, 1 if a gateway could not be asked, 0 if all is well. */
export const verdictOf = ({ gateways, unbalanced }: Reconciliation): number => {
  if (unbalanced.length > 0 || gateways.some(({ differences }) => differences.length > 0)) return 2;
  return gateways.some(({ error }) => error !== undefined) ? 1 : 0;
};

const shown = (where: string, amount?: Amount) =>
  amount ? [`${where} ${amount.amount} ${amount.currency}`] : [];

export const renderReconciliation = ({ date, gateways, unbalanced }: Reconciliation): string[] => [
  ...gateways.flatMap(({ gateway, movements, postings, differences, error }) =>
    error !== undefined
      ? [`${date} ${gateway}: not checked, it could not be asked (${error})`]
      : [
          `${date} ${gateway}: ${movements} there, ${postings} in the ledger, ${differences.length} differences`,
          ...differences.map(({ what, kind, id, paymentId, gateway: there, ledger }) => {
            const amounts = [...shown('there', there), ...shown('here', ledger)].join(', ');
            return `  ${kind} ${id}: ${what} (${amounts})${paymentId ? `, payment ${paymentId}` : ''}`;
          }),
        ],
  ),
  ...unbalanced.map(({ currency, total }) => `The ledger does not balance: ${total} ${currency}`),
];
