/** What a session has to tell, as it happens. These are also the lines of `--json`. */
export type AgentEvent =
  | Online
  | {
      readonly event: 'request';
      readonly id: string;
      readonly method: string;
      /** With its query, which may hold secrets: who prints it decides. */
      readonly path: string;
      /** What was handed to the edge; 499 when the door gave up first. */
      readonly status: number;
      readonly ms: number;
      /** Of the answer's body. */
      readonly bytes: number;
    }
  /** Sent before each further attempt to connect; `attempt` counts from 1. */
  | { readonly event: 'reconnecting'; readonly attempt: number; readonly inMs: number; readonly why: string }
  /** A tunnel that was online is so no more. */
  | { readonly event: 'offline'; readonly why: string }
  | { readonly event: 'error'; readonly code: string; readonly message: string }
  /** For `--verbose` alone. */
  | { readonly event: 'note'; readonly message: string };

/** The tunnel can be reached; again after each reconnect, and when its URL has changed. */
export interface Online {
  readonly event: 'online';
  readonly tunnelId: string;
  readonly publicUrl: string;
  readonly subdomainUrl?: string;
  /** By the door that streams. */
  readonly streamingUrl?: string;
  readonly connectionId: string;
}

/** Why a tunnel is offline when that was asked for. */
export const STOPPED = 'stopped';

export type Report = (event: AgentEvent) => void;
