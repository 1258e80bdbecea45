import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { createApp, keepLast, type ReceivedHook } from './app';
import { createReceiver, type Mail } from './smtp';

const mails = keepLast<Mail>(3);
const hooks = keepLast<ReceivedHook>(3);
const receiver = createReceiver(mails.keep);
let server: Server;
let url: string;
beforeAll(async () => {
  receiver.listen(0, '127.0.0.1');
  server = createApp(mails, hooks).listen(0, '127.0.0.1');
  await Promise.all([once(receiver, 'listening'), once(server, 'listening')]);
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  receiver.close();
  server.close();
  server.closeAllConnections();
});

/** Says these lines one after the other; what each was answered. */
const say = async (...lines: string[]) => {
  const socket = connect((receiver.address() as AddressInfo).port, '127.0.0.1').setEncoding('utf8');
  const answers: string[] = [];
  for (const line of ['', ...lines]) {
    if (line) socket.write(`${line}\r\n`);
    answers.push(((await once(socket, 'data')) as string[])[0]!.slice(0, 3));
  }
  socket.end();
  return answers.slice(1);
};
const mailed = async (to?: string) =>
  ((await (await fetch(`${url}/messages${to ? `?to=${to}` : ''}`)).json()) as { messages: object[] })
    .messages;

it('keeps what it is sent, as it was meant', async () => {
  const body = [
    ...['Subject: a long', ' one', 'Message-ID: <n-1@shop>', 'Content-Transfer-Encoding: quoted-printable'],
    ...['', 'caf=C3=A9 =', 'noir', '..dot', '.'],
  ].join('\r\n');
  const answers = await say(
    ...['EHLO me', 'MAIL FROM:<shop@x.example>', 'RCPT TO:<Jane@x.example>', 'DATA', body, 'QUIT'],
  );
  expect(answers).toEqual(['250', '250', '250', '354', '250', '221']);
  expect(await mailed('jane@x.example')).toEqual([
    {
      ...{ from: 'shop@x.example', to: ['Jane@x.example'], subject: 'a long one' },
      ...{ messageId: '<n-1@shop>', text: 'café noir\n.dot' },
    },
  ]);
  expect(await mailed('john@x.example')).toEqual([]);
});

it('refuses who is called so, what has no recipient, and what it does not know', async () => {
  const before = (await mailed()).length;
  expect(
    await say('MAIL FROM:<shop@x.example>', 'RCPT TO:<refused@x.example>', 'DATA', 'STARTTLS', 'toString'),
  ).toEqual(['250', '550', '503', '502', '502']);
  expect(await mailed()).toHaveLength(before);
});

it('keeps the last few', async () => {
  for (const to of ['a', 'b', 'c', 'd'])
    await say('MAIL FROM:<s@x>', `RCPT TO:<${to}@x>`, 'DATA', 'Subject: x\r\n\r\ny\r\n.');
  expect(await mailed()).toMatchObject([{ to: ['b@x'] }, { to: ['c@x'] }, { to: ['d@x'] }]);
});

it('keeps webhooks as they were signed', async () => {
  const body = '{"a":  1}';
  const sent = await fetch(`${url}/webhook`, {
    ...{ method: 'POST', body, headers: { 'webhook-id': 'n-1', 'content-type': 'application/json' } },
  });
  expect(sent.status).toBe(204);
  expect(await (await fetch(`${url}/webhooks`)).json()).toEqual({
    webhooks: [{ headers: { 'webhook-id': 'n-1' }, body }],
  });
});
