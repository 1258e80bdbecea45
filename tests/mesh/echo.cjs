// A server that says who it is, and misbehaves when asked. Given to `node -e` inside a pod: needs nothing but Node.
const { createServer } = require('node:http');

const { PORT, SERVICE_VERSION, HOSTNAME } = process.env;
let failing = false;

createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://echo');
  if (pathname === '/health' || pathname === '/ready') return response.end();
  if (pathname === '/failing') failing = searchParams.get('is') === 'true';
  response.setHeader('x-version', SERVICE_VERSION);
  response.setHeader('x-pod', HOSTNAME);
  response.statusCode = failing && pathname !== '/failing' ? 500 : 200;
  setTimeout(() => response.end(), Number(searchParams.get('ms')));
}).listen(Number(PORT));
process.on('SIGTERM', () => process.exit());
