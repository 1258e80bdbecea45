import { createTransport } from 'nodemailer';
import type { Outgoing, Sender } from '../application/ports';
import type { SendOutcome } from '../domain/delivery';

export interface SmtpSettings {
  /** smtp://host:port or smtps://host:port. */
  url: string;
  /** `none`: in plain text, without logging in; only where something else encrypts. Else TLS, at once or by STARTTLS. */
  tls: 'required' | 'none';
  login?: { user: string; pass: string };
  /** The shop's own address, `Name <local@domain>` or bare. */
  from: string;
  /** For each step of the conversation. */
  timeoutMs?: number;
}

interface SmtpError {
  code?: string;
  command?: string;
  responseCode?: number;
}

/** For good is only what the server says of this recipient or this message; all else is about us, or about now. */
export const outcomeOf = ({ code = 'unknown', command = '', responseCode }: SmtpError): SendOutcome => {
  const aboutThis = (code === 'EENVELOPE' && !command.startsWith('MAIL')) || code === 'EMESSAGE';
  // What the server says in words may name the recipient: only its number is kept.
  if (responseCode !== undefined) {
    const kind = aboutThis && responseCode >= 500 ? 'refused' : 'retriable';
    return { kind, reason: `smtp_${responseCode}` };
  }
  return { kind: 'retriable', reason: `smtp_${code.toLowerCase()}` };
};

/** RFC 5322: what a mail program recognises a mail by that came twice. */
export const messageIdOf = (id: string, from: string): string =>
  `<${id}@${/@([\w.-]+)/.exec(from)?.[1] ?? 'localhost'}>`;

/** One connection for each mail: a shop's mails are few and far between for a mail server. */
export const createSmtpSender = (settings: SmtpSettings): Sender => {
  const { url, tls, login, from, timeoutMs = 10_000 } = settings;
  const { hostname, port, protocol } = new URL(url);
  const secure = protocol === 'smtps:';
  const transport = createTransport({
    ...{ host: hostname, port: Number(port || (secure ? 465 : 587)), secure },
    ...(tls === 'none' ? { ignoreTLS: true } : { requireTLS: true, auth: login }),
    tls: { minVersion: 'TLSv1.2' },
    ...{ connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs },
    // A message is text and nothing that is fetched from anywhere.
    ...{ disableFileAccess: true, disableUrlAccess: true },
  });
  return async ({ id, to, message, createdAt }: Outgoing): Promise<SendOutcome> => {
    try {
      await transport.sendMail({
        ...{ from, ...message, messageId: messageIdOf(id, from), date: new Date(createdAt) },
        // As an object: whatever stands in it is one address.
        to: { name: '', address: to ?? '' },
        // RFC 3834: no answering machine is to answer.
        headers: { 'Auto-Submitted': 'auto-generated' },
      });
      return { kind: 'sent' };
    } catch (error) {
      return outcomeOf(error as SmtpError);
    }
  };
};
