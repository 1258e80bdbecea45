import { Secret, TOTP } from 'otpauth';
import { Customer } from '../../cli/customer';
import { sql } from './database';

/** Somebody who works for the shop, logged in with a second factor. */
export class Staff extends Customer {
  /** The role is given in the database: a cluster's first administrator can be made only once, and it may have one. */
  async join(role: 'support' | 'admin'): Promise<this> {
    await this.register();
    await sql('user', `update users set roles = '{${role}}' where email = '${this.email}'`);
    await this.logIn();
    const { secret } = await this.expect<{ secret: string }>(201, 'POST', '/v1/users/me/mfa', {
      password: this.password,
    });
    const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate();
    const proved = await this.expect<{ accessToken: string }>(200, 'POST', '/v1/users/me/mfa/confirmation', {
      code,
    });
    this.token = proved.accessToken;
    return this;
  }
}
