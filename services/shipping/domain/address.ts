export interface Address {
  name: string;
  company?: string;
  /** One or two lines. */
  street: string[];
  city: string;
  /** Where the country has states or provinces: 'OH'. */
  state?: string;
  postalCode: string;
  /** ISO 3166-1 alpha-2. */
  country: string;
  /** Digits, with or without a leading '+'. */
  phone: string;
  email?: string;
}

const CUSTOMS_UNION = new Set(
  'AT BE BG HR CY CZ DE DK EE ES FI FR GR HU IE IT LT LU LV MT NL PL PT RO SE SI SK'.split(' '),
);

/** True where goods may not pass without a declaration. */
export const needsCustoms = (from: Pick<Address, 'country'>, to: Pick<Address, 'country'>): boolean =>
  from.country !== to.country && !(CUSTOMS_UNION.has(from.country) && CUSTOMS_UNION.has(to.country));
