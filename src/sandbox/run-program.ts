import { execFile } from "node:child_process";

/** System programs lie here, whatever PATH this process has. */
export const programPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Runs a system program to its end and returns what it printed. Rejects with what it said when it fails. */
export async function runProgram(program: string, args: readonly string[]): Promise<string> {
  const { code, output } = await tryProgram(program, args);
  if (code === 0) return output;
  throw new Error(`Cannot run ${program}: it ended with ${code}: ${output.trim().slice(0, 500)}`);
}

/** The same, where the exit code is the answer. */
export function tryProgram(
  program: string,
  args: readonly string[],
): Promise<{ readonly code: number | string; readonly output: string }> {
  return new Promise((resolve) => {
    execFile(
      program,
      args,
      { env: { PATH: programPath, LC_ALL: "C" } },
      (error, stdout, stderr) => {
        const code = error ? (error.code ?? error.signal ?? "unknown") : 0;
        resolve({ code, output: `${stdout}${stderr}` || (error?.message ?? "") });
      },
    );
  });
}
