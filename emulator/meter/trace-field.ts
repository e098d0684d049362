/** Longest value that ties messages together, in bytes; a longer one ties nothing. */
const MOST_BYTES = 256;

/** @returns the value, undefined where the message has none */
export type ReadTraceField = (message: string | Uint8Array) => string | undefined;

/**
 * Makes the function that reads one field of JSON messages without reading the rest of them: most of a message is a body.
 * It takes the first place where the field's name stands as a name with a text after it, at whatever depth; a value with an
 * escape in it counts for none.
 * @param field the name; absent: no message has a value
 */
export function createTraceField(field: string | undefined): ReadTraceField {
  if (field === undefined || field === '') return () => undefined;
  const name = JSON.stringify(field);
  const value = new RegExp(`^\\s*:\\s*"([^"\\\\]{1,${MOST_BYTES}})"`);
  const window = MOST_BYTES + 32;
  const nameBytes = Buffer.byteLength(name);

  return (message) => {
    if (typeof message === 'string') {
      return firstValue(
        (from) => message.indexOf(name, from),
        (at) => message.slice(at + name.length, at + name.length + window),
      );
    }
    const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
    return firstValue(
      (from) => bytes.indexOf(name, from),
      (at) => bytes.toString('utf8', at + nameBytes, at + nameBytes + window),
    );
  };

  function firstValue(find: (from: number) => number, textAfter: (at: number) => string): string | undefined {
    for (let at = find(0); at >= 0; at = find(at + 1)) {
      const found = value.exec(textAfter(at))?.[1];
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
