/** What one check found. `warn`: something is missing that nobody asked for; `fail`: something configured cannot work. */
export interface Check {
  readonly name: string;
  readonly status: "ok" | "warn" | "fail";
  /** What is. */
  readonly text: string;
  /** What to do about it. */
  readonly hint?: string;
}
