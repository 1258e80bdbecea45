import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

const SECRET_KEYS = ['authorization', 'cookie', 'password', 'accessToken', 'token', 'secret', 'apiKey'];
const EMAIL = /[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+/g;
const JWT = /eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]{5,}/g;
const URL_CREDENTIALS = /:\/\/[^@\s/"\\]+@/g;
const CARD_NUMBER = /(?<![\w.-])(?:\d[ -]?){12,18}\d(?![\w.-])/g;

/**
 * Masks e-mail addresses, bearer tokens, credentials in URLs and card numbers wherever they stand in a text. The last
 * line of defence: also what a driver or a library put into an error message goes through here.
 */
export function maskPersonalData(text: string): string {
  return text
    .replace(URL_CREDENTIALS, '://***@')
    .replace(EMAIL, '***@***')
    .replace(JWT, '***jwt***')
    .replace(CARD_NUMBER, (digits) => (passesLuhn(digits) ? '***card***' : digits));
}

/** Whether a text holds what may be a card number: 13 to 19 digits, spaced or not, whose check digit is right. */
export const holdsCardNumber = (text: string): boolean =>
  (text.match(/(?<![a-z\d])(?:\d[ -]?){12,18}\d(?![a-z\d])/gi) ?? []).some(passesLuhn);

function passesLuhn(text: string): boolean {
  const digits = [...text.replace(/\D/g, '')].map(Number).reverse();
  const sum = digits.reduce((total, digit, index) => {
    const weighted = index % 2 === 1 ? digit * 2 : digit;
    return total + (weighted > 9 ? weighted - 9 : weighted);
  }, 0);
  return sum % 10 === 0;
}

export interface LoggerOptions {
  level?: string;
  version?: string;
  environment?: string;
  /** Defaults to stdout. */
  destination?: DestinationStream;
}

/** One JSON object a line on stdout. Secrets are removed by key, personal data masked in every line. */
export function createLogger(name: string, options: LoggerOptions = {}): Logger {
  const paths = SECRET_KEYS.flatMap((key) => [`*.${key}`, key, `*.*.${key}`]);
  return pino(
    {
      level: options.level ?? 'info',
      base: { service: name, version: options.version, environment: options.environment },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: [...paths, '*.email', 'email'], censor: '***' },
      serializers: { err: describeError, error: describeError },
      hooks: { streamWrite: maskPersonalData },
    },
    options.destination ?? pino.destination({ dest: 1, sync: false }),
  );
}

/** Only what helps to find the fault: drivers hang rows, parameters and connection options on their errors. */
function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code, retriable, cause } = error as Error & { code?: unknown; retriable?: unknown };
  return {
    type: error.name,
    message: error.message,
    ...(code !== undefined && { code }),
    ...(retriable !== undefined && { retriable }),
    stack: error.stack,
    ...(cause !== undefined && { cause: describeError(cause) }),
  };
}
