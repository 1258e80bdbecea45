// Sends requests from inside a pod and counts the answers. Given to `node -e`: needs nothing but Node.
const { Agent, request } = require('node:http');

const { url, headers, requests, connections, seconds, spacingMs } = JSON.parse(process.argv[1]);
const agent = new Agent({ keepAlive: true, maxSockets: connections });
const counts = { total: 0, status: {}, version: {}, pod: {}, slowestMs: 0, errors: [] };
const until = Date.now() + seconds * 1000;

const count = (group, key) => {
  group[key] = (group[key] ?? 0) + 1;
};

const ask = () =>
  new Promise((done) => {
    const started = Date.now();
    const fail = (error) => {
      counts.errors.push(error.code ?? error.message);
      done();
    };
    request(url, { agent, headers, timeout: 20_000 }, (response) => {
      response.resume();
      response.on('error', fail);
      response.on('end', () => {
        count(counts.status, response.statusCode);
        count(counts.version, response.headers['x-version'] ?? 'none');
        count(counts.pod, response.headers['x-pod'] ?? 'none');
        counts.slowestMs = Math.max(counts.slowestMs, Date.now() - started);
        done();
      });
    })
      .on('error', fail)
      .on('timeout', () => fail(new Error('timeout')))
      .end();
  });

/** Until the number of requests is reached, or the time is over. Each begins a little after the one before. */
const lane = async (_, index) => {
  await new Promise((begin) => setTimeout(begin, index * spacingMs));
  while (requests ? counts.total < requests : Date.now() < until) {
    counts.total += 1;
    await ask();
  }
};

Promise.all(Array.from({ length: connections }, lane)).then(() => {
  process.stdout.write(JSON.stringify(counts));
  process.exit();
});
