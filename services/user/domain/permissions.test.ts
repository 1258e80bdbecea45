import { ALL_SCOPES, assuranceOf, MACHINE_SCOPES, scopesOf } from './permissions';

test('lets a customer look after their own things, with a password', () => {
  expect(scopesOf(['customer'], ['pwd'])).toEqual([
    'account:read',
    'account:write',
    'cart:read',
    'cart:write',
    'mfa:enrol',
    'notifications:read',
    'orders:read',
    'orders:write',
    'payments:read',
    'shipments:read',
    'shipments:write',
  ]);
});

test.each([['support'], ['admin']])('lets %s without a second factor do nothing but get one', (role) => {
  expect(scopesOf(['customer', role], ['pwd'])).toEqual(['mfa:enrol']);
});

test('lets support lock accounts, give money back and keep the catalogue, and only an admin change roles', () => {
  const support = scopesOf(['support'], ['pwd', 'otp']);
  expect(support).toEqual(
    expect.arrayContaining(['payments:refund', 'products:write', 'users:read', 'users:lock']),
  );
  expect(support).not.toContain('users:manage');
  expect(scopesOf(['admin'], ['pwd', 'otp'])).toEqual(ALL_SCOPES);
});

test('lets staff look after the stock, and customers not', () => {
  const stock = ['inventory:read', 'inventory:write'];
  expect(scopesOf(['customer', 'support'], ['pwd', 'otp'])).toEqual(expect.arrayContaining(stock));
  expect(scopesOf(['admin'], ['pwd', 'otp'])).toEqual(expect.arrayContaining(stock));
  expect(scopesOf(['customer'], ['pwd', 'otp']).filter((scope) => scope.startsWith('inventory:'))).toEqual(
    [],
  );
});

test('narrows to what a client was granted, and never widens', () => {
  expect(scopesOf(['customer'], ['pwd'], ['orders:read', 'users:manage'])).toEqual(['orders:read']);
  expect(scopesOf(['admin'], ['pwd'], ['users:manage'])).toEqual([]);
});

test('gives a role it does not know nothing', () => {
  expect(scopesOf(['owner', 'toString'], ['pwd', 'otp'])).toEqual([]);
});

test('gives machines nothing that is about an account of their own', () => {
  expect(ALL_SCOPES).toEqual(expect.arrayContaining([...MACHINE_SCOPES]));
  expect(
    MACHINE_SCOPES.filter((scope) =>
      /^(account|cart|mfa|notifications|orders|payments|shipments):/.test(scope),
    ),
  ).toEqual([]);
});

test('names the assurance by the factors', () => {
  expect([assuranceOf(['pwd']), assuranceOf(['pwd', 'otp'])]).toEqual(['aal1', 'aal2']);
});
