import { execFileSync } from "node:child_process";

/** Builds `dist/` once per run, however many projects are set up: workers, child processes and self-imports of `opsthread` load it. */
export function setup(): void {
  if (process.env["OPSTHREAD_TEST_BUILT"] === "yes") return;
  process.env["OPSTHREAD_TEST_BUILT"] = "yes";
  execFileSync("npm", ["run", "build", "--silent"], { stdio: "inherit" });
}
