declare module 'dynalite' {
  import type { Server } from 'node:http';

  interface DynaliteOptions {
    /** Milliseconds a table stays CREATING, DELETING or UPDATING; 500 unless given. */
    createTableMs?: number;
    deleteTableMs?: number;
    updateTableMs?: number;
    /** Folder of the LevelDB store; in memory unless given. */
    path?: string;
  }

  export default function dynalite(options?: DynaliteOptions): Server;
}
