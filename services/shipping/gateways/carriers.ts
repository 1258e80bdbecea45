import { type Carrier, type Carriers, carriersOf } from '../application/ports';
import type { CarrierSettings } from '../config';
import type { CarrierOptions } from './carrierClient';
import { createDhl } from './dhl';
import { createFedex } from './fedex';
import { createUps } from './ups';
import { createUsps } from './usps';

/** A carrier with every one of its settings, or none. */
const when = <T extends object>(settings: T, create: (settings: { [K in keyof T]: string }) => Carrier) =>
  Object.values(settings).every((value) => value !== undefined)
    ? [create(settings as { [K in keyof T]: string })]
    : [];

/** The carriers there are settings for. */
export const createCarriers = (
  config: CarrierSettings,
  more: Omit<CarrierOptions, 'baseUrl'> & { settleMs?: number } = {},
): Carriers =>
  carriersOf([
    ...when(
      {
        clientId: config.FEDEX_CLIENT_ID,
        clientSecret: config.FEDEX_CLIENT_SECRET,
        accountNumber: config.FEDEX_ACCOUNT_NUMBER,
      },
      (settings) => createFedex({ ...more, ...settings, baseUrl: config.FEDEX_API_URL }),
    ),
    ...when(
      {
        clientId: config.UPS_CLIENT_ID,
        clientSecret: config.UPS_CLIENT_SECRET,
        accountNumber: config.UPS_ACCOUNT_NUMBER,
      },
      (settings) => createUps({ ...more, ...settings, baseUrl: config.UPS_API_URL }),
    ),
    ...when(
      {
        username: config.DHL_USERNAME,
        password: config.DHL_PASSWORD,
        accountNumber: config.DHL_ACCOUNT_NUMBER,
      },
      (settings) => createDhl({ ...more, ...settings, baseUrl: config.DHL_API_URL }),
    ),
    ...when(
      {
        clientId: config.USPS_CLIENT_ID,
        clientSecret: config.USPS_CLIENT_SECRET,
        crid: config.USPS_CRID,
        mid: config.USPS_MID,
        accountNumber: config.USPS_ACCOUNT_NUMBER,
      },
      (settings) => createUsps({ ...more, ...settings, baseUrl: config.USPS_API_URL }),
    ),
  ]);
