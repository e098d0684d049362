/** One way to bring a visitor's request to the upstream; its servers run from its start to its stop. */
export interface Design {
  readonly name: string;
  /** Opens a tunnel to the upstream, as its user would. Resolves when its program says that it is there. */
  open(): Promise<Tunnel>;
  /** Process id of what stands between visitors and agents: server, gateway, emulated cloud. Absent where there is none. */
  readonly server?: number;
  /** Functions serve it, each event by an environment of its own. */
  readonly environments?: true;
  /** Its tunnels lose connections for good under load: each measurement opens one of its own. */
  readonly fragile?: true;
  stop(): Promise<void>;
}

export interface Tunnel {
  /** Where visitors come in, without a slash at its end. */
  readonly url: string;
  /** Process id of the agent. Absent where there is none. */
  readonly agent?: number;
  stop(): Promise<void>;
}

/** @throws why this machine cannot run it, for its row of the table */
export type StartDesign = (upstreamPort: number) => Promise<Design>;
