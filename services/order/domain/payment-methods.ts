/** Where a payment can be taken; each has tokens of its own. */
export const GATEWAYS = ['stripe', 'paypal', 'square'] as const;
export type Gateway = (typeof GATEWAYS)[number];
