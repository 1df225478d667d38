/** What `opsthread` ends with. Documented in docs/cli.md and in `--help`. */
export const exitCodes = {
  /** Done. */
  ok: 0,
  /** It ran, and it failed or did not come to an end. */
  failed: 1,
  /** The command line or a file that it names is not usable. */
  usage: 2,
  /** With `--exit-code`: what was compared differs. */
  differs: 3,
  /** Interrupted by Ctrl-C. */
  interrupted: 130,
} as const;
