import { createPool, type Pool, runMigrations, withTransaction } from '../postgres';
import { createLogger } from '../telemetry';
import { startPostgres, type TestPostgres } from '../testing';
import { createErasures, erasureMigration } from '.';

jest.setTimeout(60_000);

let postgres: TestPostgres;
let pool: Pool;
beforeAll(async () => {
  postgres = await startPostgres();
  pool = createPool({ url: postgres.url });
  await runMigrations({ pool, migrations: { '0001-erasures': erasureMigration }, lockId: 1 });
});
afterAll(async () => {
  await pool?.end();
  await postgres?.stop();
});
beforeEach(() => pool.query('truncate erasures'));

const logger = createLogger('test', { level: 'silent' });
const create = (forget: (personId: string, pseudonym: string) => Promise<boolean>, lingerMs?: number) =>
  createErasures({ pool, logger, forget: (_client, ...who) => forget(...who), lingerMs, everyMs: 20 });
const request = (erasures: ReturnType<typeof create>, personId: string) =>
  withTransaction(pool, (client) => erasures.request(client, personId));
const remembered = async () => (await pool.query('select * from erasures')).rowCount;

test('gives a person one pseudonym, however often the request comes', async () => {
  const pseudonyms = new Set<string>();
  const erasures = create(async (_person, pseudonym) => Boolean(pseudonyms.add(pseudonym)));
  await request(erasures, 'jane');
  await erasures.carryOut();
  await request(erasures, 'jane');
  await erasures.carryOut();
  expect([...pseudonyms]).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/)]);
});

test('remembers who is who only until nothing more can come', async () => {
  let open = true;
  const patient = create(async () => true);
  const impatient = create(async () => !open, 0);
  await request(patient, 'jane');
  await patient.carryOut();
  await impatient.carryOut();
  expect(await remembered()).toBe(1);
  open = false;
  await impatient.carryOut();
  expect(await remembered()).toBe(0);
});

test('is carried out by one of several instances at a time', async () => {
  let running = 0;
  let most = 0;
  const erasures = create(async () => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 50));
    running -= 1;
    return true;
  });
  await request(erasures, 'jane');
  await Promise.all([erasures.carryOut(), erasures.carryOut(), erasures.carryOut()]);
  expect(most).toBe(1);
});

test('goes on by itself, past a failure', async () => {
  let tries = 0;
  const erasures = create(async () => {
    tries += 1;
    if (tries === 1) throw new Error('not now');
    return true;
  }, 0);
  await request(erasures, 'jane');
  const stop = erasures.start();
  while ((await remembered()) !== 0) await new Promise((resolve) => setTimeout(resolve, 10));
  await stop();
  expect(tries).toBe(2);
});
