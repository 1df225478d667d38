import { execFileSync } from "node:child_process";

/** Builds `dist/` once per run: workers, child processes and self-imports of `opsthread` load it. */
export function setup(): void {
  execFileSync("npm", ["run", "build", "--silent"], { stdio: "inherit" });
}
