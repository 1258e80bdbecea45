import type { GatewayName, NotificationReader, PaymentGateway } from '../application/ports';
import type { Config } from '../config';
import { createPayPal, createPayPalGateway } from './paypal';
import { createPayPalNotifications } from './paypalNotifications';
import { createSquareNotifications } from './squareNotifications';
import { createStripe, createStripeGateway, createStripeNotifications } from './stripe';

type GatewayConfig = Pick<Config, Extract<keyof Config, `${'STRIPE' | 'PAYPAL' | 'SQUARE'}_${string}`>>;

const stripeOf = (config: GatewayConfig) =>
  createStripe({ apiKey: config.STRIPE_API_KEY, apiUrl: config.STRIPE_API_URL });
const payPalOf = (config: GatewayConfig) =>
  createPayPal({
    ...{ clientId: config.PAYPAL_CLIENT_ID, clientSecret: config.PAYPAL_CLIENT_SECRET },
    apiUrl: config.PAYPAL_API_URL,
  });

/** Loads a gateway's library when it is needed first: Square's takes 110 MB, of every pod. */
const onFirstUse = (name: GatewayName, load: () => PaymentGateway): PaymentGateway => {
  let gateway: PaymentGateway | undefined;
  const loaded = () => {
    gateway ??= load();
    return gateway;
  };
  return {
    name,
    authorise: async (request) => loaded().authorise(request),
    find: async (request) => loaded().find(request),
    capture: async (request) => loaded().capture(request),
    void: async (request) => loaded().void(request),
    refund: async (request) => loaded().refund(request),
    movements: async (from, to) => loaded().movements(from, to),
  };
};

/** Every gateway as the configuration says it is reached. */
export const connectGateways = (config: GatewayConfig): PaymentGateway[] => [
  createStripeGateway(stripeOf(config)),
  createPayPalGateway(payPalOf(config)),
  onFirstUse('square', () => {
    const { createSquare, createSquareGateway }: typeof import('./square') = require('./square');
    const { SQUARE_ACCESS_TOKEN: accessToken, SQUARE_API_URL: apiUrl } = config;
    return createSquareGateway(createSquare({ accessToken, apiUrl }));
  }),
];

/** What reads the webhooks of each. */
export const readNotifications = (config: GatewayConfig): NotificationReader[] => [
  createStripeNotifications({ stripe: stripeOf(config), secret: config.STRIPE_WEBHOOK_SECRET }),
  createPayPalNotifications({
    ...{ paypal: payPalOf(config), webhookId: config.PAYPAL_WEBHOOK_ID },
    apiUrl: config.PAYPAL_API_URL,
  }),
  createSquareNotifications({
    ...{ signatureKey: config.SQUARE_WEBHOOK_SIGNATURE_KEY, url: config.SQUARE_WEBHOOK_URL },
  }),
];
