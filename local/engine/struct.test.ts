import fc from 'fast-check';
import { BinaryReader, BinaryWriter } from 'google-protobuf';
import type * as protobuf from 'google-protobuf/google/protobuf/struct_pb';
import { quickenStructs } from './struct.cjs';

type Properties = Record<string, protobuf.JavaScriptValue>;

/** A second copy of protobuf's own classes, which nobody has changed. */
const original: typeof protobuf = jest.requireActual('google-protobuf/google/protobuf/struct_pb');
let quick!: typeof protobuf;
jest.isolateModules(() => {
  quick = require('google-protobuf/google/protobuf/struct_pb');
});
quickenStructs(quick);

const bytesOf = ({ Struct }: typeof protobuf, properties: Properties) => {
  const writer = new BinaryWriter();
  Struct.serializeBinaryToWriter(Struct.fromJavaScript(properties), writer);
  return writer.getResultBuffer();
};
const readBy = ({ Struct }: typeof protobuf, bytes: Uint8Array) =>
  Struct.deserializeBinaryFromReader(new Struct(), new BinaryReader(bytes)).toJavaScript();

/** As JSON has it; a key __proto__ is lost on both ways. */
const asJson = (value: Properties) => JSON.parse(JSON.stringify(value));
const properties = (
  fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue(), { maxKeys: 8 }) as fc.Arbitrary<Properties>
).filter((value) => !JSON.stringify(value).includes('__proto__'));

describe('properties on their way between engine and program', () => {
  it('are two classes here: one changed, one not', () => {
    expect(quick.Struct).not.toBe(original.Struct);
    expect(quick.Struct.fromJavaScript).not.toBe(original.Struct.fromJavaScript);
  });

  it('arrive as they were sent, whichever end has the short way', () => {
    fc.assert(
      fc.property(properties, (sent) => {
        const wanted = asJson(sent);
        for (const writer of [quick, original])
          for (const reader of [quick, original])
            expect(asJson(readBy(reader, bytesOf(writer, sent)))).toEqual(wanted);
      }),
    );
  });

  it('lose what is undefined, and keep what is null', () => {
    const sent = { gone: undefined, kept: null, list: [null, undefined] } as unknown as Properties;
    expect(readBy(original, bytesOf(quick, sent))).toEqual({ kept: null, list: [null, null] });
  });

  it('can still be looked at as a map', () => {
    expect(quick.Struct.fromJavaScript({ name: 'blue' }).getFieldsMap().get('name')?.getStringValue()).toBe(
      'blue',
    );
  });

  it('are refused when they are no data', () => {
    expect(() => bytesOf(quick, { call: () => 1 } as unknown as Properties)).toThrow(
      'A function cannot be a property',
    );
  });
});
