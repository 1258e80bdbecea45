import type { Engine } from './engines';
import { afterwards, beforehand, nextGeneration, secretsOf } from './rotation';
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

describe('what a rotation leaves to people', () => {
  it('is the new value, where they are who gives it', () => {
    expect(beforehand({ source: 'generated', given: false })).toBeUndefined();
    expect(beforehand({ source: 'external', given: false })).toBeUndefined();
    expect(beforehand({ source: 'external', given: true })).toContain('secrets manager: put the new one');
    expect(beforehand({ source: 'pulumi', given: true })).toContain('secretValues: set the new one');
  });

  it('is to look why a value was not fetched, where one has to be', () => {
    expect(afterwards({ source: 'generated' }, 'redis-secret', 2)).toBeUndefined();
    expect(afterwards({ source: 'external' }, 'redis-secret', 2)).toMatch(
      /key generation-2 .*kubectl describe externalsecret redis-secret/,
    );
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
