import { access, constants } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { OpsthreadError } from "../../core/errors.ts";

/**
 * The supervisor's program for an architecture, by the name that Node gives it: x64 or arm64. It comes with the package; in a checkout `npm run build` makes it.
 * @throws {OpsthreadError} `SANDBOX_UNSUPPORTED` when it is not there
 */
export async function supervisorBinary(architecture: string): Promise<string> {
  const path = fileURLToPath(new URL(`./bin/supervisor-linux-${architecture}`, import.meta.url));
  try {
    await access(path, constants.X_OK);
    return path;
  } catch (cause) {
    throw new OpsthreadError(
      "SANDBOX_UNSUPPORTED",
      `Cannot run real sandboxes: there is no supervisor for ${architecture} at "${path}"; in a checkout install a C compiler (gcc and libc6-dev) and run "npm run build"`,
      { cause },
    );
  }
}
