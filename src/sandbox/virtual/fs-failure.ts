const sentences: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EEXIST: "file already exists",
  EFBIG: "file too large",
  EINVAL: "invalid argument",
  EISDIR: "illegal operation on a directory",
  ENOENT: "no such file or directory",
  ENOSPC: "no space left on device",
  ENOTDIR: "not a directory",
  ENOTEMPTY: "directory not empty",
  EPERM: "operation not permitted",
  EROFS: "read-only file system",
};

/** An error as the shell's commands expect it. */
export const failure = (code: string, operation: string, path: string): Error =>
  new Error(`${code}: ${sentences[code] ?? "input/output error"}, ${operation} '${path}'`);
