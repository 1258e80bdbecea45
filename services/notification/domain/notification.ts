export interface Money {
  /** Minor units. */
  amount: number;
  currency: string;
}

/** What a message needs to know, by kind. No address and no name: who gets it is found out when it is sent. */
export interface KindData {
  'order-confirmed': { orderId: string; total?: Money };
  'order-cancelled': { orderId: string; reason: string };
  'shipment-booked': {
    orderId: string;
    carrier: string;
    trackingNumber: string;
    estimatedDelivery: string | null;
  };
  'shipment-delivered': { orderId: string; at: string };
  'low-stock': { productId: string; available: number; threshold: number };
}

export type Kind = keyof KindData;
/** A kind with its own data. */
export type News = { [K in Kind]: { kind: K; data: KindData[K] } }[Kind];

export const kinds = [
  ...(['order-confirmed', 'order-cancelled', 'shipment-booked', 'shipment-delivered'] as const),
  'low-stock',
] as const satisfies readonly Kind[];
export const channels = ['email', 'webhook'] as const;
export type Channel = (typeof channels)[number];
export const statuses = ['pending', 'sent', 'failed'] as const;
export type Status = (typeof statuses)[number];

/** The recipient that is no customer. */
export const STAFF = 'staff';

export interface Draft {
  id: string;
  channel: Channel;
  news: News;
}

/** Nobody wants to hear today what happened last week: after a long outage, or when dead letters are replayed. */
const NEWS_MS = 72 * 3_600_000;
export const isNews = (eventTime: string, now: string): boolean =>
  // An event that does not say when it happened counts as new.
  !(Date.parse(eventTime) < Date.parse(now) - NEWS_MS);

/** What is known here of an order. */
export interface KnownOrder {
  /** Unknown until the order's own event has come, which can be after the shipment's. */
  customerId?: string;
  state: 'open' | 'confirmed' | 'cancelled';
}

const ABOUT_SHIPMENTS: Kind[] = ['shipment-booked', 'shipment-delivered'];

/**
 * What may go out about an order. A parcel is booked before the money is taken: whoever heard of it then would hear next, now and then,
 * that the order is cancelled.
 */
export const sendable = ({ customerId, state }: KnownOrder): Kind[] => {
  if (customerId === undefined || state === 'open') return [];
  return state === 'confirmed' ? ['order-confirmed', ...ABOUT_SHIPMENTS] : ['order-cancelled'];
};

/** What is not to be said any more. */
export const pointless = ({ state }: KnownOrder): Kind[] => (state === 'cancelled' ? ABOUT_SHIPMENTS : []);
