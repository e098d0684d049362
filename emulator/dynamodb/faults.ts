/** What DynamoDB does now and then, and no local database shows. Rates go from 0 (never) to 1 (always), drawn by seed. */
export interface DatabaseFaults {
  /** Milliseconds that a secondary index stays behind its table (DD-01). */
  readonly gsiLagMs: number;
  /** Milliseconds that a new secondary index takes until it can be read (DD-08). */
  readonly gsiCreateMs: number;
  /** How often an operation fails with InternalServerError, 500. */
  readonly databaseErrorRate: number;
  /** How often an operation is throttled (DD-09). */
  readonly databaseThrottleRate: number;
}

export const DEFAULT_DATABASE_FAULTS: DatabaseFaults = {
  gsiLagMs: 0,
  gsiCreateMs: 0,
  databaseErrorRate: 0,
  databaseThrottleRate: 0,
};
