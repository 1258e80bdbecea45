import { systemClock } from './application/ports';
import { readConfig } from './config';
import { createSenders } from './gateways/senders';
import { channelsOf } from './service';

const good = {
  DATABASE_URL: 'postgres://notification:pw@postgres:5432/notification',
  KAFKA_BROKERS: 'kafka:9092',
  JWKS_URL: 'http://user-service/.well-known/jwks.json',
  USER_SERVICE_URL: 'http://user-service',
  OAUTH_CLIENT_SECRET: 'x'.repeat(32),
};
const mail = { SMTP_URL: 'smtps://smtp.example.com:465', MAIL_FROM: 'The Shop <orders@shop.example>' };

describe('the configuration of notification', () => {
  it('asks for no way to send at all', () => {
    expect(readConfig(good)).toMatchObject({ PORT: 3007, SMTP_TLS: 'required', SEND_ATTEMPTS: 16 });
  });

  it('takes mail and webhook', () => {
    const staff = {
      ...{ STAFF_EMAIL: 'staff@shop.example', STAFF_WEBHOOK_URL: 'https://chat.example/hook' },
      STAFF_WEBHOOK_SECRET: `whsec_${'a'.repeat(32)}`,
    };
    expect(readConfig({ ...good, ...mail, ...staff })).toMatchObject({ ...mail, ...staff });
  });

  it('tells whom it can, by the ways it has', () => {
    const hook = {
      ...{ STAFF_WEBHOOK_URL: 'https://chat.example/hook', STAFF_WEBHOOK_SECRET: `whsec_${'a'.repeat(32)}` },
    };
    const ways = (env: Record<string, string>) => {
      const config = readConfig({ ...good, ...env });
      const senders = createSenders(config, systemClock);
      return channelsOf({ senders, staffEmail: config.STAFF_EMAIL });
    };
    expect(ways({})).toEqual({ customers: [], staff: [] });
    expect(ways(hook)).toEqual({ customers: [], staff: ['webhook'] });
    expect(ways(mail)).toEqual({ customers: ['email'], staff: [] });
    expect(ways({ ...mail, ...hook, STAFF_EMAIL: 'staff@shop.example' })).toEqual({
      ...{ customers: ['email'], staff: ['webhook', 'email'] },
    });
  });

  it.each([
    ['MAIL_FROM', { SMTP_URL: mail.SMTP_URL }],
    ['MAIL_FROM', { ...mail, MAIL_FROM: 'a@b.example\r\nBcc: c@d.example' }],
    ['SMTP_URL', { ...mail, SMTP_URL: 'https://smtp.example.com' }],
    ['SMTP_URL', { ...mail, SMTP_URL: 'smtps://name:guessable@smtp.example.com' }],
    ['SMTP_PASSWORD', { ...mail, SMTP_USERNAME: 'name' }],
    ['STAFF_EMAIL', { STAFF_EMAIL: 'staff@shop.example' }],
    ['STAFF_WEBHOOK_SECRET', { STAFF_WEBHOOK_URL: 'https://chat.example/hook' }],
    ['OAUTH_CLIENT_SECRET', { OAUTH_CLIENT_SECRET: 'guessable' }],
  ])('names %s when it is wrong or missing, and no value', (name, more) => {
    const read = () => readConfig({ ...good, ...more });
    expect(read).toThrow(new RegExp(`${name} is not`));
    expect(read).not.toThrow(/guessable/);
  });
});
