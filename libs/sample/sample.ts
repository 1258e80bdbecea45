/** The id of the nth sample product, n from 1. */
export const sampleId = (n: number): string => `prd-${String(n).padStart(5, '0')}`;

/** Where stock stands in a sample's sequence: shops that were filled by a version before keep theirs. */
const DRAWS_BEFORE_STOCK = 5;

/** Units of the nth sample product that a new shop has: the same wherever it is asked. About one in fifty is sold out. */
export const sampleStock = (n: number): number => {
  const random = pseudoRandom(n);
  for (let draw = 0; draw < DRAWS_BEFORE_STOCK; draw++) random();
  return random() < 0.02 ? 0 : 5 + Math.floor(random() * 495);
};

/** mulberry32: small, even enough, and the same in every engine. */
export const pseudoRandom = (seed: number): (() => number) => {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
};
