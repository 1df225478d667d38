/** One measure in a process of its own, so that nothing else is in its memory: `memory-child.js <what> <who> <image>`. */
import Docker from "dockerode";

import type { ToolSession } from "../../dist/agent/tool.js";
import { shellTool } from "../../dist/agent/tools/shell.js";
import { extraMemory, timed } from "./measure.ts";
import { exec, never, openDriver, output } from "./ours.ts";
import { peerClient, peerExec, peerTurn } from "./peer.ts";

const [what = "", who = "", image = ""] = process.argv.slice(2);
const makeFile = "head -c 200000000 /dev/zero > big";
const printing = (bytes: number): string =>
  `yes 0123456789abcdef0123456789abcdef | head -c ${bytes}`;

interface Subject extends AsyncDisposable {
  /** Runs a command as a model would, and returns what the model is told. */
  tell(command: string): Promise<string>;
  /** The same through the peer's agent, where it is cut for the model if it is at all. */
  turn(command: string): Promise<string>;
  /** Runs a command and takes all that it prints to this process; returns how much that was. */
  stream(command: string): Promise<number>;
  makeFile(): Promise<unknown>;
  read(): Promise<Uint8Array>;
}

const subject = who === "peer" ? await thePeer() : await ours();
// What is loaded or compiled once is not what is measured.
await subject.tell(printing(1_000_000));
let shownBytes = 0;
let ms = 0;
let work: () => Promise<void>;
if (what === "read") {
  await subject.makeFile();
  work = async () => {
    shownBytes = (await subject.read()).length;
  };
} else if (what === "stream") {
  work = async () => {
    shownBytes = await subject.stream(printing(200_000_000));
  };
} else if (what === "turn") {
  work = async () => {
    shownBytes = Buffer.byteLength(await subject.turn(printing(3_000_000)));
  };
} else {
  work = async () => {
    shownBytes = Buffer.byteLength(await subject.tell(printing(200_000_000)));
  };
}
const extraMB = await extraMemory(async () => {
  ms = await timed(work);
});
console.log(JSON.stringify({ ms, extraMB, shownBytes }));
await subject[Symbol.asyncDispose]();
// The peer's timers would keep this process for another 10 s.
process.exit();

async function ours(): Promise<Subject> {
  const driver = await openDriver("docker", { docker: new Docker(), image });
  const sandbox = await driver.open({ limits: { outputBytes: 300_000_000 } });
  const shell = shellTool();
  let calls = 0;
  const tell = async (command: string): Promise<string> => {
    calls += 1;
    const session: ToolSession = {
      sessionId: sandbox.sessionId,
      sandbox: () => Promise.resolve(sandbox),
      sandboxFrom: () => Promise.reject(new Error("There are no other images here")),
      keep: () => Promise.reject(new Error("Nothing is kept here")),
      access: () => ({ type: "open", expiresAt: 0 }),
    };
    const context = {
      signal: never,
      executionId: `x_told_${calls}`,
      callId: `call_${calls}`,
      session,
      progress: () => {},
    };
    const { output: told } = await shell.run({ command }, context);
    return told;
  };
  return {
    tell,
    turn: tell,
    async stream(command) {
      let bytes = 0;
      await exec(sandbox, command, {
        onOutput: (_, chunk) => {
          bytes += chunk.length;
        },
      });
      return bytes;
    },
    makeFile: () => output(sandbox, makeFile),
    async read() {
      const part = await sandbox.files.read("big", { offset: 0, length: 10 });
      if (!part) throw new Error("The file is not there");
      return part.bytes;
    },
    async [Symbol.asyncDispose]() {
      await sandbox.close();
      await driver[Symbol.asyncDispose]();
    },
  };
}

async function thePeer(): Promise<Subject> {
  const session = await peerClient(image).create();
  return {
    tell: (cmd) => session.execCommand({ cmd, yieldTimeMs: 600_000 }),
    turn: (cmd) => peerTurn(session, { cmd }),
    stream: () => Promise.reject(new Error("The peer keeps no more than the last MiB")),
    makeFile: () => peerExec(session, makeFile),
    read: () => session.readFile({ path: "big", maxBytes: 10 }),
    async [Symbol.asyncDispose]() {
      await session.close();
    },
  };
}
