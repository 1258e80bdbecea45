import { diagnose, judge, type Machine } from './doctor';

const good: Machine = {
  platform: 'linux',
  arch: 'x64',
  root: true,
  apt: true,
  cgroups: 'v2',
  cores: 2,
  memoryBytes: 24 * 2 ** 30,
  diskFreeBytes: 50 * 2 ** 30,
  go: 'go version go1.26.8 linux/amd64',
};
const nothing = { go: false, packages: [] };

describe('the doctor', () => {
  it('finds nothing wrong with a machine that has everything', () => {
    expect(judge(good, { go: true, packages: ['runc'] })).toEqual([]);
  });

  it.each<[string, Partial<Machine>, Parameters<typeof judge>[1], RegExp]>([
    ['another system', { platform: 'darwin' }, nothing, /needs x86-64 Linux, this is darwin/],
    ['another processor', { arch: 'arm64' }, nothing, /needs x86-64 Linux, this is linux arm64/],
    ['a user who is not root', { root: false }, nothing, /needs root/],
    ['no control groups', { cgroups: undefined }, nothing, /No control groups/],
    ['little memory', { memoryBytes: 4 * 2 ** 30 }, nothing, /4\.0 GiB of memory/],
    ['little disk', { diskFreeBytes: 2 ** 30 }, nothing, /1\.0 GiB of disk free; 5 GiB/],
    ['too little disk to build', { diskFreeBytes: 10 * 2 ** 30 }, { go: true, packages: [] }, /15 GiB/],
    ['no Go when it is needed', { go: undefined }, { go: true, packages: [] }, /Go is not installed/],
    ['no apt when it is needed', { apt: false }, { go: false, packages: ['runc'] }, /no apt-get: runc/],
  ])('names %s, with a way out', (_what, machine, missing, expected) => {
    const problems = judge({ ...good, ...machine }, missing);
    expect(problems).toHaveLength(1);
    expect(problems[0]!.message).toMatch(expected);
    expect(problems[0]!.hint).not.toBe('');
  });

  it('does not ask for Go when everything is built', () => {
    expect(judge({ ...good, go: undefined, apt: false }, nothing)).toEqual([]);
  });

  it('looks at this machine', async () => {
    const diagnosis = await diagnose();
    expect(diagnosis.tools.map((tool) => tool.name)).toContain('kube-apiserver');
    expect(diagnosis.machine.find((row) => row.name === 'cores')?.value).toMatch(/^\d+$/);
    const missing = diagnosis.tools.filter((tool) => !tool.cached);
    expect(diagnosis.secondsToBuild > 0).toBe(missing.length > 0);
  }, 60_000);
});
