import type { SandboxFiles } from "./sandbox.ts";

/** The files of a sandbox, which refuse everything when `assertOpen` throws. */
export function whileOpen(files: SandboxFiles, assertOpen: () => void): SandboxFiles {
  return {
    async read(path, options) {
      assertOpen();
      return files.read(path, options);
    },
    async export(path, options) {
      assertOpen();
      return files.export(path, options);
    },
    async write(path, bytes, options) {
      assertOpen();
      return files.write(path, bytes, options);
    },
    async list(path, options) {
      assertOpen();
      return files.list(path, options);
    },
    async stat(path) {
      assertOpen();
      return files.stat(path);
    },
    async exportTar(path, options) {
      assertOpen();
      return files.exportTar(path, options);
    },
    async importTar(path, bytes, options) {
      assertOpen();
      return files.importTar(path, bytes, options);
    },
  };
}
