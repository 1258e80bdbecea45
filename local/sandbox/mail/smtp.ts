import { createServer, type Server, type Socket } from 'node:net';

export interface Mail {
  from: string;
  to: string[];
  /** By lower-case name; of one that comes twice, the last. */
  headers: Record<string, string>;
  text: string;
}

/** Whoever is called this is answered 550, at any domain. */
const REFUSED = /^refused[@+]/i;
const MAX_BYTES = 1_000_000;

const decoders: Record<string, (text: string) => string> = {
  base64: (text) => Buffer.from(text, 'base64').toString(),
  'quoted-printable': (text) =>
    Buffer.from(
      text
        .replace(/=[ \t]*\r?\n/g, '')
        .replace(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
      'latin1',
    ).toString(),
};

/** What was sent, as far as mails of one part of text go. */
const parse = (raw: string): Pick<Mail, 'headers' | 'text'> => {
  const end = raw.indexOf('\r\n\r\n');
  const head = (end < 0 ? raw : raw.slice(0, end)).replace(/\r\n[ \t]+/g, ' ');
  const headers = Object.fromEntries(
    head.split('\r\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const body = end < 0 ? '' : raw.slice(end + 4);
  const decode = decoders[headers['content-transfer-encoding']?.toLowerCase() ?? ''] ?? ((text) => text);
  return { headers, text: decode(body).replace(/\r\n/g, '\n') };
};

const addressIn = (argument: string) => /<([^<>]*)>/.exec(argument)?.[1] ?? '';

const converse = (socket: Socket, keep: (mail: Mail) => void): void => {
  const say = (line: string) => socket.write(`${line}\r\n`);
  let from: string | undefined;
  let to: string[] = [];
  let data: string[] | undefined;
  let size = 0;
  const reset = () => {
    from = undefined;
    to = [];
    data = undefined;
    size = 0;
  };
  const commands: Record<string, (argument: string) => void> = {
    EHLO: () => say('250-mail sandbox\r\n250 8BITMIME'),
    HELO: () => say('250 mail sandbox'),
    NOOP: () => say('250 ok'),
    RSET: () => {
      reset();
      say('250 ok');
    },
    MAIL: (argument) => {
      reset();
      from = addressIn(argument);
      say('250 ok');
    },
    RCPT: (argument) => {
      const address = addressIn(argument);
      if (from === undefined) return say('503 MAIL first');
      if (REFUSED.test(address)) return say(`550 5.1.1 <${address}> is not known here`);
      to.push(address);
      say('250 ok');
    },
    DATA: () => {
      if (to.length === 0) return say('503 RCPT first');
      data = [];
      say('354 end with a dot');
    },
    QUIT: () => {
      say('221 bye');
      socket.end();
    },
  };
  const obey = (line: string): void => {
    const [verb = '', ...rest] = line.split(' ');
    const command = verb.toUpperCase();
    if (Object.hasOwn(commands, command)) commands[command]?.(rest.join(' '));
    else say('502 not known here');
  };
  const take = (line: string): void => {
    if (data === undefined) {
      obey(line);
    } else if (line === '.') {
      keep({ from: from ?? '', to, ...parse(data.join('\r\n')) });
      reset();
      say('250 kept');
    } else {
      size += line.length;
      if (size > MAX_BYTES) socket.destroy();
      data.push(line.startsWith('.') ? line.slice(1) : line);
    }
  };
  let rest = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    const lines = (rest + chunk).split('\r\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
    if (rest.length > MAX_BYTES) socket.destroy();
  });
  socket.on('error', () => socket.destroy());
  socket.setTimeout(60_000, () => socket.destroy());
  say('220 mail sandbox');
};

/** Takes any mail from anybody, in plain text, and hands it to `keep`. */
export const createReceiver = (keep: (mail: Mail) => void): Server =>
  createServer((socket) => converse(socket, keep));
