/** The parts of the Serverless Framework that the plugin touches; the framework ships no types of its own. */
export interface Serverless {
  readonly service: {
    readonly custom?: Readonly<Record<string, unknown>>;
    functions: Record<string, unknown>;
  };
  readonly serviceDir: string;
  /** What was typed: `['offline', 'start']`. */
  readonly processedInput: { readonly commands: readonly string[] };
  readonly classes: { readonly Error: new (message: string, code: string) => Error };
  readonly configSchemaHandler: { defineCustomProperties(schema: object): void };
  readonly pluginManager: {
    /** Every hook by its event, in the order they run. */
    readonly hooks: Readonly<Record<string, { readonly pluginName: string }[] | undefined>>;
    readonly plugins: readonly object[];
    spawn(command: string): Promise<void>;
  };
  getProvider(name: 'aws'): {
    getRegion(): string;
    getStage(): string;
    readonly naming: { getStackName(): string };
  };
}

/** What the framework hands a plugin to speak with. */
export interface PluginTools {
  readonly log: {
    error(text: string): void;
    warning(text: string): void;
    notice(text: string): void;
    /** Shown with `--verbose` only. */
    info(text: string): void;
  };
}

/** Takes a plugin's hooks out; the framework offers no way to ask a plugin to stay quiet. */
export function dropHooks(serverless: Serverless, pluginName: string, events: readonly string[]): void {
  for (const event of events) {
    const hooks = serverless.pluginManager.hooks[event];
    const at = hooks?.findIndex((hook) => hook.pluginName === pluginName) ?? -1;
    if (at >= 0) hooks?.splice(at, 1);
  }
}
