import type { SupervisorConnection } from "../supervisor/connection.ts";

/** A running isolated environment with a supervisor in it, such as a container. A sandbox has one at a time. */
export interface Cell {
  readonly connection: SupervisorConnection;
  /** Nothing keeps the whole of it to the limits of memory and processes: each command has to have its own. */
  readonly isUnbounded?: boolean;
  /** Settles when it is gone, with what is known of its end. Never rejects. */
  readonly gone: Promise<CellEnd>;
  /** Kills everything in it; resolves when nothing of it is left. */
  end(): Promise<void>;
  /** Lets go of it; it goes on for the grace time. */
  detach(): void;
}

export interface CellEnd {
  readonly reason: string;
  /** The whole of it met the memory limit. */
  readonly outOfMemory: boolean;
}
