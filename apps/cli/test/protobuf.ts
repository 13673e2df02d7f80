/** Reads protobuf as far as tests need it: fields by number, without a schema. */

export type Field = bigint | Buffer;

/** The fields of a message; bytes, texts and messages are buffers, everything else is a number. */
export function readProtobuf(bytes: Buffer): ReadonlyMap<number, readonly Field[]> {
  const fields = new Map<number, Field[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at]!; // whoever wrote it ended it
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Buffer => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const kind = tag & 7;
    const value = kind === 0 ? varint() : take(kind === 1 ? 8 : kind === 5 ? 4 : Number(varint()));
    const number = tag >> 3;
    fields.set(number, [...(fields.get(number) ?? []), value]);
  }
  return fields;
}

/** The messages that stand below one another at these numbers. */
export function messagesAt(bytes: Buffer, ...path: readonly number[]): readonly Buffer[] {
  return path.reduce<readonly Buffer[]>(
    (all, number) =>
      all.flatMap((one) => (readProtobuf(one).get(number) ?? []).filter(Buffer.isBuffer)),
    [bytes],
  );
}

/** `attributes` of OpenTelemetry: texts, numbers and lists of texts by key. */
export function attributesAt(message: Buffer, number: number): Record<string, unknown> {
  const entries = messagesAt(message, number).map((pair): [string, unknown] => {
    const [key, value] = [messagesAt(pair, 1)[0], messagesAt(pair, 2)[0]];
    const fields = readProtobuf(value ?? Buffer.alloc(0));
    const [text] = fields.get(1) ?? [];
    const [integer] = fields.get(3) ?? [];
    return [String(key), text === undefined ? Number(integer) : String(text)];
  });
  return Object.fromEntries(entries);
}
