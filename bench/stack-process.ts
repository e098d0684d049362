/**
 * The repository's stack in a process of its own, for benchmarks; `startStack` starts it. The one argument is what
 * `startEmulator` takes, as JSON.
 */
import { type EmulatorOptions, startEmulator } from '../emulator/emulator.ts';
import { packagedStack } from './stack/packaged-stack.ts';
import type { Told } from './stack/start-stack.ts';

interface Question {
  readonly id: number;
  readonly ask: string;
  readonly code: number;
  readonly reason: string;
  readonly status: number;
  readonly ms: number;
}

const options: EmulatorOptions = JSON.parse(process.argv[2] ?? '{}');
const { stack, settings } = await packagedStack();
const told = new Map<string, { count: number; example: string }>();
const { control, urls, meter, resetMeter } = await startEmulator(stack, {
  ...settings,
  ports: { http: 0, websocket: 0, lambda: 0, dynamodb: 0, functionUrl: 0 },
  seed: 1,
  ...options,
  environment: { ...(settings.environment as Record<string, string>), ...options.environment },
  // Thousands of lines: they are counted, by what they are about.
  log({ level, source, behaviour, message }) {
    // Each connection of an agent, renewed ones too.
    const isOpening = message.includes('"event":"tunnel open"');
    if (level !== 'warn' && level !== 'error' && !isOpening) return;
    const key = isOpening ? 'tunnel open' : [level, source, behaviour ?? codeIn(message)].filter(Boolean).join(' ');
    const entry = told.get(key) ?? { count: 0, example: message };
    entry.count += 1;
    told.set(key, entry);
  },
});

process.on('message', ({ id, ask, code, reason, status, ms }: Question) => {
  switch (ask) {
    case 'urls':
      return answer(id, urls);
    case 'close-all':
      control.closeAll({ code, reason });
      return answer(id, true);
    case 'refuse':
      control.refuseConnects(status, ms);
      return answer(id, true);
    case 'meter':
      return answer(id, meter());
    case 'reset-meter':
      resetMeter();
      return answer(id, true);
    case 'told':
      return answer(
        id,
        [...told].map(([what, { count, example }]): Told => ({ what, count, example })),
      );
  }
});
answer(-1, 'ready');

function answer(id: number, value: unknown): void {
  process.send?.({ id, answer: value });
}

/** What a function prints is JSON; its code, where it has one. */
function codeIn(message: string): string {
  return /"code":"(\w+)"/.exec(message)?.[1] ?? '';
}
