import type { Engine } from './engines';
import { nextGeneration, secretsOf } from './rotation';
import type { Target } from './target';

describe('the generation to bring up', () => {
  it('is the next one after that which holds', () => {
    expect(nextGeneration(1)).toBe(2);
    expect(nextGeneration(4, 4)).toBe(5);
  });

  it('is the one that was begun, however often the command is given again', () => {
    expect(nextGeneration(1, 2)).toBe(2);
  });
});

describe('the secrets of a stack', () => {
  const engine = (state: object) => ({ exportState: async () => state }) as unknown as Engine;
  const target = { stack: 'staging' } as Target;

  it('are what the last up said', async () => {
    const secrets = { 'jwt-secret': { source: 'generated', generation: 2, usedBy: ['user-service'] } };
    const resources = [{ type: 'other' }, { type: 'pulumi:pulumi:Stack', outputs: { secrets } }];
    expect(await secretsOf(engine({ deployment: { resources } }), target)).toEqual(secrets);
  });

  it('are not known before the first', async () => {
    await expect(secretsOf(engine({ deployment: { resources: [] } }), target)).rejects.toMatchObject({
      hint: 'Run: platform up --stack staging',
    });
  });
});
