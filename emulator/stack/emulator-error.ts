export type EmulatorErrorCode =
  | 'ARTIFACT_MISSING'
  | 'DATABASE_UNREACHABLE'
  | 'HANDLER_UNLOADABLE'
  | 'JAVA_MISSING'
  | 'PLUGIN_MISSING'
  | 'PORT_TAKEN'
  | 'SETTINGS_INVALID'
  | 'TEMPLATE_INVALID'
  | 'TEMPLATE_UNREADABLE';

/** What a person must put right before the emulator can start: what is wrong, and what to do about it. */
export class EmulatorError extends Error {
  readonly code: EmulatorErrorCode;
  /** One or more sentences, naming the logical id, file or port. */
  override readonly cause: string;
  readonly cure: string;

  constructor({ code, cause, cure }: { code: EmulatorErrorCode; cause: string; cure: string }) {
    super(`${cause}\n${cure}`);
    this.name = 'EmulatorError';
    this.code = code;
    this.cause = cause;
    this.cure = cure;
  }
}
