import { execFileSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { temporaryFolder } from "./supervise.ts";

/** The path of a static program made from `probes/<name>.c`. */
export function compile(name: string): string {
  const source = fileURLToPath(new URL(`probes/${name}.c`, import.meta.url));
  const program = join(temporaryFolder(), name);
  execFileSync("cc", ["-static", "-O1", "-o", program, source]);
  chmodSync(program, 0o755);
  return program;
}
