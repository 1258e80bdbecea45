/** How long work tells what it is doing. `detail` lines are shown only when a step fails or takes long. */
export interface Progress {
  step<T>(title: string, run: (detail: (line: string) => void) => Promise<T>): Promise<T>;
  note(line: string): void;
}

const seconds = (from: number) => `${((Date.now() - from) / 1000).toFixed(1)} s`;

/** A line when a step starts to take long, every half minute while it goes on, and one when it ends. */
export const createProgress = (write: (line: string) => void): Progress => ({
  note: write,
  async step(title, run) {
    const started = Date.now();
    let last = '';
    let announced = false;
    const tell = () => {
      write(announced ? `  … ${title} (${seconds(started)})${last && `: ${last}`}` : `→ ${title}`);
      announced = true;
    };
    const first = setTimeout(tell, 1000);
    const again = setInterval(tell, 30_000);
    try {
      const result = await run((line) => {
        last = line.trim().slice(0, 100);
      });
      write(`✓ ${title} (${seconds(started)})`);
      return result;
    } catch (error) {
      write(`✗ ${title} (${seconds(started)})`);
      throw error;
    } finally {
      clearTimeout(first);
      clearInterval(again);
    }
  },
});

/** Progress goes to stderr, so that stdout stays what a machine may read. */
export const plainProgress = createProgress((line) => process.stderr.write(`${line}\n`));

export const silentProgress = createProgress(() => {});
