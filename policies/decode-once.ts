// The SDK decodes the inputs of a resource anew for every rule. Rules only read them, so one decoding serves all.

interface Decoder {
  deserializeProperties(encoded: object, keepSecrets: boolean): object;
}

/** Replaces the decoder by one that remembers; what a remediation may write to (`keepSecrets`) is always decoded anew. */
export function decodeOnce(decoder: Decoder): void {
  const decode = decoder.deserializeProperties;
  const known = new WeakMap<object, object>();
  decoder.deserializeProperties = (encoded, keepSecrets) => {
    const found = keepSecrets ? undefined : known.get(encoded);
    if (found) return found;
    const decoded = decode(encoded, keepSecrets);
    if (!keepSecrets) known.set(encoded, decoded);
    return decoded;
  };
}
