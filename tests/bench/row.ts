/** One figure of a benchmark. `baseline` is from the same run; `target` is what the requirement asks for, as a person reads it. */
export interface Row {
  name: string;
  measured: number;
  unit: string;
  baseline?: number;
  target?: string;
}

const figure = (value: number) => (value >= 100 ? value.toFixed(0) : value.toFixed(2));

export const render = (rows: Row[]): string =>
  rows
    .map(({ name, measured, unit, baseline, target }) => {
      const ratio = baseline ? `  = ${(measured / baseline).toFixed(2)} × ${figure(baseline)}` : '';
      return `${name.padEnd(44)}${figure(measured).padStart(9)} ${unit}${ratio}${target ? `   (asked: ${target})` : ''}`;
    })
    .join('\n');

export const median = (values: number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};
