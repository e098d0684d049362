import type { Latency } from '../latency/latency.ts';
import type { Metering } from '../meter/metering.ts';
import type { Clock } from '../stack/clock.ts';
import type { Log } from '../stack/log.ts';
import type { Streams } from '../stack/random.ts';
import type { Stack } from '../stack/stack.ts';
import type { Authority } from './authority.ts';
import type { GatewayFaults } from './faults.ts';
import type { TlsIdentity } from './http-server.ts';
import type { Ids } from './ids.ts';
import type { IntegrationEnvironment } from './integration.ts';
import type { Quotas } from './quotas.ts';
import type { Switches } from './switches.ts';
import type { Throttle } from './throttle.ts';

/** What the three APIs of one gateway share. */
export interface GatewayContext {
  readonly stack: Stack;
  readonly clock: Clock;
  /** A stream for each fault, by the fault's name: to be asked for once. */
  readonly randomOf: Streams;
  /** Ids of each part's own, so that no part's depend on what the others see: to be asked for once. */
  readonly idsOf: (part: string) => Ids;
  readonly log: Log;
  readonly quotas: Quotas;
  readonly switches: Switches;
  readonly faults: GatewayFaults;
  readonly metering: Metering;
  /** Absent: nothing is delayed. */
  readonly latency?: Latency;
  readonly authority: Authority;
  /** Requests, messages and Management API calls of the whole account (WS-50). */
  readonly accountThrottle: Throttle;
  /** Absent: plain HTTP. */
  readonly tls?: TlsIdentity;
  readonly integrations: IntegrationEnvironment;
}
