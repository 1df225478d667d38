/** Whom everything in a sandbox runs as. */
export interface SandboxUser {
  readonly uid: number;
  readonly gid: number;
  /** This process is root: bwrap needs no user namespace, and the supervisor becomes another user. */
  readonly isRoot: boolean;
}
