// protobuf's Struct carries every property of every resource, three times per resource and process. Its own classes make a message object of
// each value on the way; here the same bytes are written from plain data and read into it, in a tenth of the time.
// CommonJS, for Pulumi's runners load it too (preload.cjs).

const isNull = (value) => value === null || value === undefined;

const writeNull = (_, writer) => writer.writeEnum(1, 0);
const writeValue = (value, writer) => {
  switch (typeof value) {
    case 'number':
      return writer.writeDouble(2, value);
    case 'string':
      return writer.writeString(3, value);
    case 'boolean':
      return writer.writeBool(4, value);
    case 'object':
      return Array.isArray(value)
        ? writer.writeMessage(6, value, writeList)
        : writer.writeMessage(5, value, writeStruct);
    default:
      throw new TypeError(`A ${typeof value} cannot be a property of a resource`);
  }
};
/** The writer leaves out messages that are null, so null is written as a message of its own. */
const writeAny = (number, value, writer) =>
  isNull(value)
    ? writer.writeMessage(number, true, writeNull)
    : writer.writeMessage(number, value, writeValue);

const writeList = (list, writer) => {
  for (const item of list) writeAny(1, item, writer);
};
const writeEntry = ([key, value], writer) => {
  writer.writeString(1, key);
  writeAny(2, value, writer);
};
const writeStruct = (properties, writer) => {
  for (const entry of Object.entries(properties))
    if (entry[1] !== undefined) writer.writeMessage(1, entry, writeEntry);
};

/** Calls what `fields` has for each field of the message; others are skipped, as protobuf demands. */
const readFields = (reader, fields) => {
  while (reader.nextField() && !reader.isEndGroup()) {
    const read = fields[reader.getFieldNumber()];
    if (read) read();
    else reader.skipField();
  }
};
const readMessage = (reader, into, read) => {
  reader.readMessage(into, read);
  return into;
};

const readValue = (holder, reader) =>
  readFields(reader, {
    1: () => {
      reader.readEnum();
      holder.value = null;
    },
    2: () => {
      holder.value = reader.readDouble();
    },
    3: () => {
      holder.value = reader.readString();
    },
    4: () => {
      holder.value = reader.readBool();
    },
    5: () => {
      holder.value = readMessage(reader, {}, readStruct);
    },
    6: () => {
      holder.value = readMessage(reader, [], readList);
    },
  });
const readAny = (reader) => readMessage(reader, { value: null }, readValue).value;

const readList = (list, reader) => readFields(reader, { 1: () => list.push(readAny(reader)) });
const readEntry = (entry, reader) =>
  readFields(reader, {
    1: () => {
      entry.key = reader.readString();
    },
    2: () => {
      entry.value = readAny(reader);
    },
  });
const readStruct = (properties, reader) =>
  readFields(reader, {
    1: () => {
      const { key, value } = readMessage(reader, { key: '', value: null }, readEntry);
      properties[key] = value;
    },
  });

const quick = new WeakSet();

/** Gives the class Struct of a loaded `google-protobuf` the short way. What goes through neither end of it is left alone. */
exports.quickenStructs = ({ Struct }) => {
  if (quick.has(Struct)) return;
  quick.add(Struct);
  const { fromJavaScript, serializeBinaryToWriter } = Struct;
  const { toJavaScript, getFieldsMap } = Struct.prototype;
  const plain = Symbol('plain');

  Struct.fromJavaScript = (properties) => Object.assign(new Struct(), { [plain]: properties });
  Struct.deserializeBinaryFromReader = (struct, reader) => {
    struct[plain] = {};
    readStruct(struct[plain], reader);
    return struct;
  };
  Struct.serializeBinaryToWriter = (struct, writer) =>
    struct[plain] ? writeStruct(struct[plain], writer) : serializeBinaryToWriter(struct, writer);
  Struct.prototype.toJavaScript = function () {
    return this[plain] ?? toJavaScript.call(this);
  };
  Struct.prototype.getFieldsMap = function (...given) {
    return getFieldsMap.apply(this[plain] ? fromJavaScript(this[plain]) : this, given);
  };
};
