import { createServer } from 'node:http';
import { hostname } from 'node:os';

/** Answers with what reached it; `?answer=503` says which status it is to have. */
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const url = new URL(request.url ?? '/', 'http://echo');
    response.writeHead(Number(url.searchParams.get('answer') ?? 200), {
      'content-type': 'application/json',
      'x-internal': 'not for everybody',
    });
    response.end(
      JSON.stringify({
        path: url.pathname,
        method: request.method,
        headers: request.headers,
        bytes: Buffer.concat(chunks).length,
        pod: hostname(),
      }),
    );
  });
});
server.listen(Number(process.env.PORT));
process.on('SIGTERM', () => server.close());
