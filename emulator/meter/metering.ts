import type { InvokeOptions } from '../stack/invoker.ts';

/**
 * What the gateway and the database tell of what they do, so that it can be counted and laid side by side. They know
 * neither prices nor traces: an X-Ray header in, where there is one, and a callback for the end of what has begun.
 */
export interface Metering {
  /**
   * A visitor's request begins.
   * @param given the X-Ray header that it came with
   * @param own one that nothing else has, for where `given` is none or is in use already
   */
  requestArrived(given: string | undefined, own: string): MeteredRequest;
  /** A client's message has come, throttled ones left out. */
  messageReceived(text: string): MeteredMessage;
  /**
   * A post begins. @param header the X-Ray header of the request
   * @returns to be called once it has ended, with what reached the client's connection
   */
  postBegins(header: string | undefined): (sent?: SentMessage) => void;
  /** @returns to be called once it has closed */
  connectionOpened(): () => void;
  /** An operation of the database begins. @returns to be called once it is answered */
  tableCallBegins(header: string | undefined): (units: TableUnits) => void;
}

export interface SentMessage {
  readonly bytes: Uint8Array;
  /** The client is a function of the stack, so that nothing leaves AWS. */
  readonly inRegion: boolean;
}

/** Capacity units. */
export interface TableUnits {
  readonly read: number;
  readonly write: number;
}

export interface MeteredInvocation {
  /** What to invoke the function with. */
  readonly options: InvokeOptions;
  /** To be called once the gateway waits for it no more. */
  readonly ended: () => void;
}

export interface MeteredMessage {
  invocationBegins(): MeteredInvocation;
  /** The gateway itself sends the client a message: a route's response, an error. */
  replied(sent: SentMessage): void;
}

export interface MeteredRequest {
  invocationBegins(): MeteredInvocation;
  answered(answer: AnsweredRequest): void;
  /**
   * The visitor left, or was turned away by a throttle: nothing is billed for the request itself.
   * @param responseBytes that had left AWS by then
   */
  unbilled(responseBytes?: number): void;
}

export interface AnsweredRequest {
  /** `GET /path`, without its query, which may hold secrets. */
  readonly subject: string;
  readonly status: number;
  /** True for an API Gateway; a function URL bills no requests of its own. */
  readonly gatewayBills: boolean;
  readonly requestBytes: number;
  /** With its head. */
  readonly responseBytes: number;
}

const nothing = () => {};
const begins = () => ({ options: {}, ended: nothing });

/** Counts nothing. */
export const NO_METERING: Metering = {
  requestArrived: (given, own) => ({
    invocationBegins: () => ({ options: { traceId: given ?? own }, ended: nothing }),
    answered: nothing,
    unbilled: nothing,
  }),
  messageReceived: () => ({ invocationBegins: begins, replied: nothing }),
  postBegins: () => nothing,
  connectionOpened: () => nothing,
  tableCallBegins: () => nothing,
};
