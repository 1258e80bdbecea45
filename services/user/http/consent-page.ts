import type { AuthorisationRequest, Client } from '../domain/oauth';

const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

const SCOPE_TEXT: Record<string, string> = {
  'account:read': 'see your account',
  'account:write': 'change your account',
  'cart:read': 'see what is in your cart',
  'cart:write': 'change your cart and check it out',
  'mfa:enrol': 'set up a second factor',
  'orders:read': 'see your orders',
  'orders:write': 'order for you',
  'payments:read': 'see your payments',
  'payments:refund': 'give money back to customers',
  'products:write': 'change the catalogue',
  'shipments:read': 'see your shipments',
  'shipments:write': 'ask what shipping costs for you',
  'users:read': 'see other accounts',
  'users:lock': 'lock other accounts',
  'users:manage': 'change who others are',
};

const page = (body: string) =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Log in</title>` +
  `<meta name="viewport" content="width=device-width"></head><body><main>${body}</main></body></html>`;

/**
 * One form for log-in and consent, without script, style or cookie. It asks for the password each time: with nothing a
 * browser sends by itself, another site's form can do nothing here (no CSRF).
 */
export function consentPage(
  client: Client,
  scopes: readonly string[],
  request: AuthorisationRequest,
  { message, askForCode }: { message?: string; askForCode?: boolean } = {},
): string {
  const hidden = Object.entries(request)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(String(value))}">`)
    .join('');
  const allowed = scopes.map((scope) => `<li>${escaped(SCOPE_TEXT[scope] ?? scope)}</li>`).join('');
  const code = askForCode
    ? '<p><label>Code <input name="code" autocomplete="one-time-code" required></label></p>'
    : '';
  return page(
    `<h1>Log in to ${escaped(client.name)}</h1><p>${escaped(client.name)} will be allowed to:</p><ul>${allowed}</ul>` +
      `${message ? `<p role="alert">${escaped(message)}</p>` : ''}` +
      `<form method="post" action="/v1/oauth/authorize">${hidden}` +
      `<p><label>E-mail <input type="email" name="email" autocomplete="username" required></label></p>` +
      `<p><label>Password <input type="password" name="password" autocomplete="current-password" required></label></p>` +
      `${code}<p><button>Log in and allow</button> <button name="deny" value="true" formnovalidate>Refuse</button></p></form>`,
  );
}

export const errorPage = (message: string): string =>
  page(`<h1>This link does not work</h1><p>${escaped(message)}</p>`);
