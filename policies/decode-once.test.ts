import { decodeOnce } from './decode-once';

const decoderOf = () => {
  const decoder = {
    count: 0,
    deserializeProperties: (encoded: object) => ({ ...encoded, n: ++decoder.count }),
  };
  decodeOnce(decoder);
  return decoder as typeof decoder & { deserializeProperties(encoded: object, keepSecrets: boolean): object };
};

describe('decoding', () => {
  it('is done once for the same message, however many rules ask', () => {
    const decoder = decoderOf();
    const message = {};
    expect(decoder.deserializeProperties(message, false)).toBe(decoder.deserializeProperties(message, false));
    expect(decoder.deserializeProperties({}, false)).not.toBe(decoder.deserializeProperties(message, false));
  });

  it('is done anew for what a remediation may write to', () => {
    const decoder = decoderOf();
    const message = {};
    const read = decoder.deserializeProperties(message, false);
    expect(decoder.deserializeProperties(message, true)).not.toBe(read);
    expect(decoder.deserializeProperties(message, true)).not.toBe(
      decoder.deserializeProperties(message, true),
    );
  });
});
