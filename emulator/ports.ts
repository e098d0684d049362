import { EmulatorError } from './stack/emulator-error.ts';

export interface EmulatorPorts {
  /** HTTP API. */
  readonly http: number;
  /** WebSocket API and its Management API. */
  readonly websocket: number;
  /** Lambda's Invoke API. */
  readonly lambda: number;
  readonly dynamodb: number;
  /** The first function URL; further ones take the ports after it. */
  readonly functionUrl: number;
}

export type PortSettings = Partial<Readonly<Record<keyof EmulatorPorts, number | string>>>;

const DEFAULT_PORTS: EmulatorPorts = { http: 4000, websocket: 4001, lambda: 3002, dynamodb: 8000, functionUrl: 4002 };

/** The ports that settings ask for, the usual ones where they say nothing. */
export function portsOf(settings: PortSettings = {}): EmulatorPorts {
  const ports = { ...DEFAULT_PORTS, ...settings };
  return {
    http: Number(ports.http),
    websocket: Number(ports.websocket),
    lambda: Number(ports.lambda),
    dynamodb: Number(ports.dynamodb),
    functionUrl: Number(ports.functionUrl),
  };
}

/** Ports looked at before the search gives up: more servers than that on neighbouring ports is a mistake elsewhere. */
const MOST_TRIES = 100;

/**
 * Calls `start` with the given ports; with `search`, moves on to the next port wherever one is taken.
 * @param ports by name; 0 means any free one
 * @throws EmulatorError PORT_TAKEN, naming the port and what it was for
 */
export async function startOnPorts<Name extends string, T>(
  ports: Readonly<Record<Name, number>>,
  search: boolean,
  start: (ports: Readonly<Record<Name, number>>) => Promise<T>,
): Promise<T> {
  const tried: Record<Name, number> = { ...ports };
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(tried);
    } catch (error) {
      const { code, port } = error as { code?: unknown; port?: unknown };
      // Where two have moved on to the same port, the later one is at fault: the earlier already listens.
      const name = ownerOf(Number(port), tried);
      if (code !== 'EADDRINUSE' || name === undefined) throw error;
      if (!search || attempt === MOST_TRIES) {
        throw new EmulatorError({
          code: 'PORT_TAKEN',
          cause: `Port ${port} (${name}) is taken by another process.`,
          cure: `Stop that process, or choose another port: ports.${name}, 0 for any free one (--set ports.${name}=0).`,
        });
      }
      tried[name]++;
    }
  }
}

/** Which name a port belongs to: a name may stand for several in a row. */
function ownerOf<Name extends string>(port: number, tried: Readonly<Record<Name, number>>): Name | undefined {
  const names = (Object.keys(tried) as Name[]).reverse().filter((name) => tried[name] > 0 && tried[name] <= port);
  return names.sort((left, right) => tried[right] - tried[left])[0];
}
