import { Agent, request } from 'node:http';

/** Shorter than our servers keep idle connections, so that none is used that was just closed. */
const agent = new Agent({ keepAlive: true, timeout: 30_000 });

/** fetch that says another Host than the address it asks, which the global one never does. For HTTP and text bodies. */
export const fetchAs = (authority: string): typeof fetch =>
  ((input: URL, { method, headers, body, signal }: RequestInit = {}) =>
    new Promise<Response>((resolve, reject) => {
      const outgoing = request(
        input,
        { method, agent, signal: signal ?? undefined, headers: { ...(headers as object), host: authority } },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', reject);
          incoming.on('end', () => {
            const { statusCode = 500, rawHeaders } = incoming;
            const empty = statusCode === 204 || statusCode === 304;
            resolve(
              new Response(empty ? null : Buffer.concat(chunks), {
                status: statusCode,
                headers: pairs(rawHeaders),
              }),
            );
          });
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body as string | undefined);
    })) as typeof fetch;

const pairs = (raw: string[]): [string, string][] =>
  raw.flatMap((name, index) =>
    index % 2 === 0 ? [[name, raw[index + 1] as string] as [string, string]] : [],
  );
