/** Who somebody is to the shop. `support` and `admin` are staff. */
export const ROLES = ['customer', 'support', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** How somebody proved who they are (RFC 8176). */
export type Method = 'pwd' | 'otp';

const CUSTOMER = [
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
];
const SUPPORT = [
  ...CUSTOMER,
  'inventory:read',
  'inventory:write',
  'payments:refund',
  'products:write',
  'users:read',
  'users:contact',
  'users:lock',
];
const ADMIN = [...SUPPORT, 'users:manage'];

/** What each role may do. A service's route names one of these scopes; the access token carries them. */
const SCOPES: Record<Role, readonly string[]> = { customer: CUSTOMER, support: SUPPORT, admin: ADMIN };

export const ALL_SCOPES: readonly string[] = ADMIN;
/** What a machine may be given: nothing that is about an account of its own. */
export const MACHINE_SCOPES: readonly string[] = ['users:read', 'users:contact'];

const isRole = (role: string): role is Role => ROLES.some((one) => one === role);

/** Staff reach beyond their own data, so a password alone is not enough for them. */
export const isStaff = (roles: readonly string[]): boolean =>
  roles.some((role) => role === 'support' || role === 'admin');

/**
 * What a token may carry for somebody of these roles who proved themselves by these methods. Staff without a second
 * factor can do nothing but get one. `granted`, where an OAuth client acts for them, narrows it and never widens it.
 */
export function scopesOf(
  roles: readonly string[],
  methods: readonly Method[],
  granted: readonly string[] = ALL_SCOPES,
): string[] {
  if (isStaff(roles) && !methods.includes('otp')) return ['mfa:enrol'].filter((one) => granted.includes(one));
  const own = new Set(roles.filter(isRole).flatMap((role) => SCOPES[role]));
  return ALL_SCOPES.filter((scope) => own.has(scope) && granted.includes(scope));
}

/** NIST SP 800-63B's word for how sure we are: one factor, or two. */
export const assuranceOf = (methods: readonly Method[]): 'aal1' | 'aal2' =>
  methods.includes('otp') ? 'aal2' : 'aal1';
