// Keys that sign access tokens (ES256), derived from random bytes that the state keeps: the same bytes give the same key, so
// nothing but the bytes has to be remembered.
import { createECDH, createHash } from 'node:crypto';
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { Component } from './component';
import type { VerifyingKey } from './gateway/model';
import { assertInRange, assertNameFits, labelsOf } from './names';

/** A private key as RFC 7517 writes it, `kid` being its RFC 7638 thumbprint. */
export interface SigningKey extends VerifyingKey {
  d: string;
}

/** @param seed 32 random bytes, base64 */
export function signingKeyFrom(seed: string): SigningKey {
  const scalar = privateScalar(Buffer.from(seed, 'base64'));
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(scalar);
  // Uncompressed point: 0x04, then x and y of 32 bytes each.
  const point = curve.getPublicKey();
  const x = point.subarray(1, 33).toString('base64url');
  const y = point.subarray(33, 65).toString('base64url');
  const thumbprint = JSON.stringify({ crv: 'P-256', kty: 'EC', x, y });
  const kid = createHash('sha256').update(thumbprint).digest('base64url');
  return { kty: 'EC', crv: 'P-256', x, y, d: scalar.toString('base64url'), kid, alg: 'ES256', use: 'sig' };
}

const curveOrder = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');

/** The seed itself where it is a private key of P-256 (all but one in four thousand million), else its hash, and so on. */
function privateScalar(seed: Buffer): Buffer {
  if (seed.length !== 32) throw new RangeError(`a seed has 32 bytes, this one ${seed.length}`);
  const value = BigInt(`0x${seed.toString('hex')}`);
  return value > 0n && value < curveOrder ? seed : privateScalar(createHash('sha256').update(seed).digest());
}

/** The key file of the issuer. The first seed's key signs; the others are only published, for tokens that still live. */
export function keyFile(seeds: string[]): string {
  const keys = seeds.map(signingKeyFrom);
  return JSON.stringify({ active: keys[0]?.kid, keys });
}

/** What may be known to everybody. */
export function verifyingKeyFrom(seed: string): VerifyingKey {
  const { d: _private, ...key } = signingKeyFrom(seed);
  return key;
}

/** @param file what `keyFile` wrote, or somebody in its place */
export const verifyingKeysIn = (file: string): pulumi.Output<VerifyingKey[]> =>
  pulumi.output(
    (JSON.parse(file) as { keys: SigningKey[] }).keys.map(
      ({ kty, crv, x, y, kid, alg, use }): VerifyingKey => ({ kty, crv, x, y, kid, alg, use }),
    ),
  );

/** Generations whose keys are in use: the current one and the one before. */
export const generationsInUse = (current: number): number[] =>
  current > 1 ? [current, current - 1] : [current];

export interface SigningKeysArgs {
  namespace: string;
  app: string;
  secretName: string;
  /** Which key signs, counted from 1. Raising it makes a new key and keeps the last. */
  generation: number;
}

/** Secret with key `keys.json`: `{"active": kid, "keys": [private JWK, …]}`. */
export class SigningKeys extends Component {
  static readonly fileName = 'keys.json';
  /** Public halves, the newest first; one per generation in use. */
  readonly verifyingKeys: pulumi.Output<VerifyingKey[]>;

  constructor(name: string, args: SigningKeysArgs, options?: pulumi.ComponentResourceOptions) {
    super('SigningKeys', name, options);
    assertInRange(`generation of ${name}`, args.generation, { min: 1, max: 10_000 });
    const seeds = generationsInUse(args.generation).map(
      (generation) =>
        new random.RandomBytes(`${name}-seed-${generation}`, { length: 32 }, this.child()).base64,
    );
    this.verifyingKeys = pulumi.unsecret(pulumi.all(seeds).apply((all) => all.map(verifyingKeyFrom)));
    const file = pulumi.secret(pulumi.all(seeds)).apply(keyFile);
    new k8s.core.v1.Secret(
      `${name}-secret`,
      {
        metadata: {
          name: assertNameFits(args.secretName),
          namespace: args.namespace,
          labels: labelsOf({ app: args.app, component: 'secret' }),
        },
        type: 'Opaque',
        data: pulumi.secret({
          [SigningKeys.fileName]: file.apply((text) => Buffer.from(text).toString('base64')),
        }),
      },
      this.child(),
    );
    this.registerOutputs({});
  }
}
