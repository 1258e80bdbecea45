import { type AddressInfo, createServer } from 'node:net';
import { probes } from '../../cli/smoke';
import { platform } from './platform';

jest.setTimeout(120_000);

const smoke = (address: string) => platform(['smoke', '--address', address]);

/** Of a port that was free a moment ago. */
const closedAddress = async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
};

describe('the smoke test of a shop', () => {
  it('passes where the shop runs, with a line per probe', async () => {
    const { status, stdout, stderr } = await smoke(process.env.ECP_FRONT_DOOR as string);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.trim().split('\n')).toHaveLength(probes.length);
  });

  it('fails where nothing listens, and says which probes and what to do', async () => {
    const address = await closedAddress();
    const { status, stdout, stderr } = await smoke(address);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`${probes.length} of ${probes.length} probes failed`);
    expect(stderr).toMatch(/\/v1\/products\?limit=1 did not answer \(.*ECONNREFUSED/);
    expect(stderr).toContain(`Is ${address} the shop's front door`);
  });
});
