import type { Parcel } from '../domain/packing';

const GRAMS_PER_POUND = 453.59237;
const MM_PER_INCH = 25.4;

/** Rounded up to a tenth: a parcel is never said to be lighter than it is. */
const upToTenth = (value: number) => Math.max(0.1, Math.ceil(Number((value * 10).toFixed(6))) / 10);
const upToWhole = (value: number) => Math.max(1, Math.ceil(Number(value.toFixed(6))));

export interface Measures {
  weight: number;
  length: number;
  width: number;
  height: number;
}

/** Pounds and inches. */
export const imperial = ({ weightGrams, lengthMm, widthMm, heightMm }: Parcel): Measures => ({
  weight: upToTenth(weightGrams / GRAMS_PER_POUND),
  length: upToWhole(lengthMm / MM_PER_INCH),
  width: upToWhole(widthMm / MM_PER_INCH),
  height: upToWhole(heightMm / MM_PER_INCH),
});

/** Kilograms and centimetres. */
export const metric = ({ weightGrams, lengthMm, widthMm, heightMm }: Parcel): Measures => ({
  weight: upToTenth(weightGrams / 1000),
  length: upToWhole(lengthMm / 10),
  width: upToWhole(widthMm / 10),
  height: upToWhole(heightMm / 10),
});

/** Carriers of American origin want a parcel measured as its country of origin does. */
export const measuresFor = (country: string) =>
  country === 'US'
    ? ({ of: imperial, weightUnit: 'LB', lengthUnit: 'IN' } as const)
    : ({ of: metric, weightUnit: 'KG', lengthUnit: 'CM' } as const);

/** '20261024' → '2026-10-24'; undefined for anything else. */
export const dateOf = (text: string | undefined): string | undefined => {
  const [, year, month, day] = /^(\d{4})-?(\d{2})-?(\d{2})/.exec(text ?? '') ?? [];
  return year && `${year}-${month}-${day}`;
};

/** A local date and time with its offset, as an instant; undefined where it is none. */
export const instantOf = (date: string | undefined, time: string | undefined, offset = '+00:00') => {
  const day = dateOf(date);
  const [, hours, minutes, seconds] = /^(\d{2}):?(\d{2}):?(\d{2})?/.exec(time ?? '') ?? [];
  const zone = /^[+-]\d{2}:\d{2}$/.test(offset) ? offset : '+00:00';
  if (!day || !hours) return undefined;
  const parsed = Date.parse(`${day}T${hours}:${minutes}:${seconds ?? '00'}${zone}`);
  return Number.isNaN(parsed) ? undefined : new Date(parsed).toISOString();
};
