// How long the policies need for one stack, apart from the program that declares it.
import { join } from 'node:path';
import { PolicyPack, runProgram } from '@platform/local/engine';
import { readSettings } from '../../policies/settings';
import type { Row } from './row';

const root = join(__dirname, '..', '..');

/** Judges every resource of a rendered stack, then the stack as a whole, as a preview does. Seconds. */
async function judgementSeconds(stack: string): Promise<{ resources: number; seconds: number }> {
  const { resources } = await runProgram({ projectDir: root, stack });
  const judged = resources.map(({ urn, type, name, inputs }) => ({
    ...{ urn, type, name, properties: inputs },
    ...{ ignoreChanges: [], aliases: [] },
  }));
  const pack = await PolicyPack.start(join(root, 'policies'), {
    ...{ settings: readSettings(stack), project: 'bench', stack, config: { values: {}, secretKeys: [] } },
    address: '127.0.0.1:1',
    onLine: () => {},
  });
  try {
    const started = Date.now();
    await Promise.all(judged.map((one) => pack.analyze(one)));
    await pack.analyzeStack(judged, '');
    return { resources: judged.length, seconds: (Date.now() - started) / 1000 };
  } finally {
    pack.stop();
  }
}

export async function policyRows(): Promise<Row[]> {
  const { resources, seconds } = await judgementSeconds('production');
  return [
    {
      name: `policies over ${resources} resources of production`,
      measured: seconds,
      unit: 's',
      target: '< 2 s',
    },
  ];
}
