/** What the product service answers to `search rebuild`. */
export interface Rebuilt {
  index: string;
  products: number;
  caughtUp: number;
}

/** What it answers to `search compare`. */
export interface Comparison {
  index: string | null;
  products: number;
  missing: string[];
  stale: string[];
  orphaned: { id: string }[];
  repaired: number;
}

/** Ids that are told one by one; the rest is counted. */
const TOLD = 10;

const told = (what: string, ids: string[]): string[] => {
  if (ids.length === 0) return [];
  const more = ids.length > TOLD ? ` and ${ids.length - TOLD} more` : '';
  return [`${what.padEnd(9)} ${ids.length}: ${ids.slice(0, TOLD).join(', ')}${more}`];
};

export const renderRebuilt = ({ index, products, caughtUp }: Rebuilt): string =>
  `${index}: made anew from ${products} products, ${caughtUp} of them changed meanwhile`;

export const renderComparison = ({ index, products, missing, stale, orphaned, repaired }: Comparison) => {
  const differences = [
    ...told('missing', missing),
    ...told('stale', stale),
    ...told(
      'orphaned',
      orphaned.map(({ id }) => id),
    ),
  ];
  return [
    index === null
      ? 'There is no search index, so the catalogue itself is searched. Make one: platform search rebuild'
      : `${index}: compared with ${products} products`,
    ...(repaired > 0 ? [`repaired  ${repaired}`] : []),
    ...(index === null ? [] : differences.length > 0 ? differences : ['no difference']),
  ].join('\n');
};
