import { inPlatform } from './platform';

/** The rows of a statement, each a list of its columns as text: read, or written, past the API of the service that owns them. */
export const sql = async (database: string, statement: string): Promise<string[][]> => {
  const psql = ['psql', '-U', 'postgres', '-d', database, '-qtA', '-F', '|', '-c', statement];
  const text = await inPlatform('exec', 'postgres-0', '-c', 'postgres', '--', ...psql);
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split('|'));
};
