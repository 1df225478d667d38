/** The error code of a failed system call. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** An error like that of a failed system call, which names no path. */
export const withCode = (code: string): Error => Object.assign(new Error(code), { code });

/** Whether it says that nothing of the name is there. */
export function isMissing(error: unknown): boolean {
  const code = codeOf(error);
  return code === "ENOENT" || code === "ENOTDIR" || code === "ENAMETOOLONG";
}
