import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { buffer } from "node:stream/consumers";

import type { Outcome } from "../../../src/sandbox/sandbox.ts";
import type { ProgramEnd, ProgramRequest } from "../../../src/sandbox/task-host/task-host.ts";

export interface Mount {
  readonly hostPath: string;
  readonly path: string;
  readonly writable?: boolean;
}

/** A bare kind of sandbox: it starts programs in a new one each time. */
export interface Place {
  readonly name: string;
  readonly isThere: boolean;
  /** The command of the host that runs a program in it, and how its file descriptor 3 comes out. */
  command(mounts: readonly Mount[], program: Program): Started;
}

export interface Program {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

interface Started {
  readonly command: readonly string[];
  readonly controlFd: 1 | 3;
  end(): void;
}

const answers = (command: string, ...args: readonly string[]): string => {
  const { status, stdout } = spawnSync(command, args, { encoding: "utf8" });
  return status === 0 ? stdout : "";
};

/** Nothing of the host is in it but what is mounted. */
export const bubblewrap: Place = {
  name: "bubblewrap",
  isThere: answers("bwrap", "--unshare-all", "--ro-bind", "/", "/", "true", "--version") !== "",
  command: (mounts, { argv, env, cwd }) => ({
    command: [
      ..."bwrap --unshare-all --die-with-parent --uid 65534 --clearenv".split(" "),
      ...`--proc /proc --dev /dev --chdir ${cwd}`.split(" "),
      ...mounts.flatMap(({ hostPath, path, writable }) => [
        writable === true ? "--bind" : "--ro-bind",
        hostPath,
        path,
      ]),
      ...Object.entries(env).flatMap(([name, value]) => ["--setenv", name, value]),
      ...argv,
    ],
    controlFd: 3,
    end: () => {},
  }),
};

/** A hardened container of an image which may have nothing in it. */
export function docker(
  image: string,
  { runtime = "runc", node }: { readonly runtime?: string; readonly node: readonly string[] },
): Place {
  return {
    name: `docker, ${image}, ${runtime}`,
    isThere:
      answers("docker", "image", "inspect", image) !== "" &&
      answers("docker", "info").includes(` ${runtime}`),
    command(mounts, { argv, env, cwd }) {
      const name = `opsthread-test-${randomUUID()}`;
      // The command line shows no file descriptor 3. No shell is needed to put it on stdout.
      const wrapper = `
        const { spawn } = require("node:child_process");
        const { argv, env } = JSON.parse(process.argv[1]);
        const child = spawn(argv[0], argv.slice(1), { env, stdio: [0, 2, 2, 1] });
        child.on("exit", (code, signal) => process.exit(code ?? 128 + require("node:os").constants.signals[signal]));`;
      return {
        command: [
          ...`docker run --rm --interactive --init --name ${name} --runtime ${runtime}`.split(" "),
          ...`--network none --user 65534 --read-only --workdir ${cwd}`.split(" "),
          ..."--cap-drop ALL --security-opt no-new-privileges".split(" "),
          ...mounts.flatMap(({ hostPath, path, writable }) => [
            "--volume",
            `${hostPath}:${path}${writable === true ? "" : ":ro"}`,
          ]),
          image,
          ...node,
          "-e",
          wrapper,
          JSON.stringify({ argv, env }),
        ],
        controlFd: 1,
        end: () => void spawnSync("docker", ["kill", name]),
      };
    },
  };
}

/** Runs a program in a place, as a driver does. */
export async function runIn(
  place: Place,
  mounts: readonly Mount[],
  request: ProgramRequest,
): Promise<ProgramEnd> {
  const { signal, timeoutMs } = request;
  const started = place.command(mounts, request);
  const [file = "", ...args] = started.command;
  const startedAt = performance.now();
  const child = spawn(file, args, {
    stdio: ["pipe", "pipe", "pipe", "pipe"],
    detached: true,
  });
  let ended: Outcome | undefined;
  const end = (outcome: Outcome) => (): void => {
    ended ??= outcome;
    started.end();
    // All of its group: what it starts may not yet end with it.
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
  };
  const stop = end({ type: "stopped" });
  const timer = setTimeout(end({ type: "timeout", limitMs: timeoutMs }), timeoutMs);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  child.stdio[started.controlFd]?.on("data", (bytes: Buffer) => request.onControl(bytes));
  if (started.controlFd === 3) child.stdout.resume();
  child.stdin.on("error", () => {}); // It may be dead by now.
  child.stdin.end(request.stdin);
  const [stderr, outcome] = await Promise.all([
    buffer(child.stderr),
    new Promise<Outcome>((resolve) => {
      child.on("close", (code, killed) =>
        resolve(
          killed === null ? { type: "exit", code: code ?? 0 } : { type: "signal", signal: killed },
        ),
      );
    }),
  ]);
  clearTimeout(timer);
  signal.removeEventListener("abort", stop);
  return {
    outcome: ended ?? outcome,
    stderr: { text: stderr.toString(), bytes: stderr.length },
    measured: { wallMs: performance.now() - startedAt },
  };
}
