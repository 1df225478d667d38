/**
 * A named, admin-configured place that data comes from. Read-only, and shown in the sandbox at `/sources/<name>`.
 */
export interface Source {
  readonly name: string;
  /** For people and for the model. */
  readonly description: string;
  /** The host folder that the sandbox shows, and the globs relative to it that limit what is shown. */
  readonly hostPath: string;
  readonly include: readonly string[];
  /** The files in it that may be read, relative to `hostPath`, newest first. */
  list(options: { readonly signal: AbortSignal }): Promise<readonly SourceFile[]>;
}

export interface SourceFile {
  readonly path: string;
  readonly size: number;
  readonly modifiedAt: number;
}
