import { format } from 'node:util';
import type { PrintLevel } from './messages.ts';

type Print = (level: PrintLevel, text: string) => void;

export interface Output {
  /** Every later line of `console` carries this id. */
  begin(requestId: string): void;
  /** Prints a last line that has no line end. */
  flush(): void;
}

/**
 * Takes over what the function prints, in order, as Lambda's runtime does: `console` lines get time, request id and
 * level before them; what is written to stdout or stderr stays as it is. A line that is itself a JSON object stays as it
 * is, too, so that structured logs can be read by machine.
 */
export function captureOutput(print: Print): Output {
  let requestId: string | undefined;
  const consoleMethod = (name: string, level: PrintLevel) => {
    return (...values: unknown[]) => {
      const text = format(...values);
      if (isJsonObject(text)) print(levelOf(text) ?? level, text);
      else print(level, `${new Date().toISOString()}\t${requestId}\t${name}\t${text}`);
    };
  };
  console.trace = consoleMethod('TRACE', 'debug');
  console.debug = consoleMethod('DEBUG', 'debug');
  console.info = consoleMethod('INFO', 'info');
  console.log = consoleMethod('INFO', 'info');
  console.warn = consoleMethod('WARN', 'warn');
  console.error = consoleMethod('ERROR', 'error');

  const streams = [takeOver(process.stdout, 'info', print), takeOver(process.stderr, 'warn', print)];
  return {
    begin(id) {
      requestId = id;
    },
    flush() {
      for (const flush of streams) flush();
    },
  };
}

function takeOver(stream: NodeJS.WriteStream, level: PrintLevel, print: Print): () => void {
  let rest = '';
  const write = (chunk: string | Uint8Array, encoding?: unknown, done?: unknown) => {
    const lines = (rest + (typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString())).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) print((isJsonObject(line) && levelOf(line)) || level, line);
    const callback = typeof encoding === 'function' ? encoding : done;
    if (typeof callback === 'function') process.nextTick(callback);
    return true;
  };
  stream.write = write as typeof stream.write;
  return () => {
    if (rest !== '') print(level, rest);
    rest = '';
  };
}

function isJsonObject(text: string): boolean {
  return text.startsWith('{') && text.endsWith('}');
}

/** The level a structured log line gives itself. */
function levelOf(line: string): PrintLevel | undefined {
  const named = /"level":\s*"(debug|info|warn|error)"/i.exec(line)?.[1];
  return named?.toLowerCase() as PrintLevel | undefined;
}
