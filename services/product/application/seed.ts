import { pseudoRandom, sampleId, sampleStock } from '@platform/libs/sample';
import type { Product } from '../domain/product';

const RANGES: Record<string, { nouns: string[]; cents: [from: number, to: number] }> = {
  kitchen: {
    nouns: ['Kettle', 'Frying Pan', 'Chef Knife', 'Teapot', 'Mixing Bowl', 'Espresso Cup'],
    cents: [590, 14900],
  },
  garden: {
    nouns: ['Watering Can', 'Pruning Shears', 'Planter', 'Hand Trowel', 'Bird Feeder'],
    cents: [790, 8900],
  },
  office: {
    nouns: ['Notebook', 'Desk Lamp', 'Fountain Pen', 'Monitor Stand', 'Filing Box'],
    cents: [390, 19900],
  },
  outdoor: { nouns: ['Backpack', 'Tent', 'Headlamp', 'Sleeping Bag', 'Water Bottle'], cents: [1490, 39900] },
  audio: { nouns: ['Headphones', 'Loudspeaker', 'Turntable', 'Microphone', 'Radio'], cents: [2990, 79900] },
  toys: { nouns: ['Puzzle', 'Building Blocks', 'Kite', 'Wooden Train', 'Board Game'], cents: [690, 7900] },
  bath: { nouns: ['Towel', 'Soap Dish', 'Bathrobe', 'Mirror', 'Shower Caddy'], cents: [490, 9900] },
  sport: {
    nouns: ['Yoga Mat', 'Skipping Rope', 'Dumbbell', 'Football', 'Tennis Racket'],
    cents: [890, 24900],
  },
};
const STYLES = [
  'Classic',
  'Compact',
  'Nordic',
  'Folding',
  'Lightweight',
  'Handmade',
  'Vintage',
  'Everyday',
  'Quiet',
  'Sturdy',
];
const MATERIALS = [
  'Oak',
  'Steel',
  'Copper',
  'Linen',
  'Ceramic',
  'Bamboo',
  'Glass',
  'Wool',
  'Cork',
  'Aluminium',
];

export const CATEGORIES = Object.keys(RANGES);

/** The nth product of the seeded catalogue, n from 1: the same one every time, on every machine. */
export function seedProduct(n: number): Product {
  const random = pseudoRandom(n);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const category = pick(CATEGORIES);
  const range = RANGES[category] as (typeof RANGES)[string];
  const [from, to] = range.cents;
  const [style, material, noun] = [pick(STYLES), pick(MATERIALS), pick(range.nouns)];
  const number = String(n).padStart(5, '0');
  // Prices end in 90, as prices do.
  const amount = Math.floor((from + random() * (to - from)) / 100) * 100 + 90;
  return {
    id: sampleId(n),
    version: 1,
    sku: `${category.slice(0, 3).toUpperCase()}-${number}`,
    name: `${style} ${material} ${noun}`,
    description: `${style} ${noun.toLowerCase()} made of ${material.toLowerCase()}, from our ${category} range.`,
    category,
    price: { amount, currency: 'EUR' },
    // What inventory starts with; afterwards it tells.
    available: sampleStock(n),
  };
}
