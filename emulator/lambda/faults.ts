/** What Lambda does to functions now and then. Rates go from 0 (never) to 1 (always) and are drawn by seed. */
export interface LambdaFaults {
  /** How often an invocation is throttled, whatever concurrency is left (LA-06). */
  readonly lambdaThrottleRate: number;
  /** How often an invocation gets a new environment although an idle one is there (LA-10). */
  readonly coldStartRate: number;
  /** How often an asynchronous invocation runs a second time although it succeeded (LA-05). */
  readonly asyncRepeatRate: number;
}

export const DEFAULT_LAMBDA_FAULTS: LambdaFaults = {
  lambdaThrottleRate: 0,
  coldStartRate: 0,
  asyncRepeatRate: 0,
};
