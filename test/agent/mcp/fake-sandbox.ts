import type { ToolSession } from "../../../src/agent/tool.ts";
import type { ExecOptions, ExecResult, Outcome, Sandbox } from "../../../src/sandbox/sandbox.ts";
import { noSandbox } from "./tools-of.ts";

/** What a program in the sandbox has. */
export interface Program {
  /** Lines of its stdin. */
  readonly lines: AsyncIterable<string>;
  print(text: string): Promise<void>;
  complain(text: string): Promise<void>;
  readonly signal: AbortSignal;
  readonly options: ExecOptions & { readonly command: string };
}

export interface FakeSandbox extends ToolSession {
  /** The commands that were run, in order. */
  readonly commands: string[];
  /** Those that run now. */
  readonly running: () => number;
  readonly written: Map<string, Uint8Array>;
  /** How often the session's sandbox was asked for. */
  readonly opened: () => number;
}

/** A session whose sandbox runs this for every command. */
export function fakeSandbox(program: (run: Program) => Promise<Outcome | undefined>): FakeSandbox {
  const commands: string[] = [];
  const written = new Map<string, Uint8Array>();
  let running = 0;
  let opened = 0;
  const exec = async (command: string, options: ExecOptions): Promise<ExecResult> => {
    commands.push(command);
    running += 1;
    if (running > 1) throw new Error("The execution id is in use");
    const stopped = new Promise<Outcome>((resolve) => {
      options.signal.addEventListener("abort", () => resolve({ type: "stopped" }));
    });
    try {
      const run = program({
        lines: linesOf(options.stdin),
        print: async (text) => options.onOutput?.("stdout", Buffer.from(text)),
        complain: async (text) => options.onOutput?.("stderr", Buffer.from(text)),
        signal: options.signal,
        options: { ...options, command },
      });
      const outcome = await Promise.race([run, stopped]);
      const nothing = { text: "", bytes: 0 };
      return {
        outcome: outcome ?? { type: "exit", code: 0 },
        stdout: nothing,
        stderr: nothing,
        measures: {},
      };
    } finally {
      running -= 1;
    }
  };
  const sandbox = {
    exec,
    files: {
      async write(path: string, bytes: Uint8Array) {
        written.set(path, bytes);
        return { size: bytes.length };
      },
    },
  } as unknown as Sandbox;
  return {
    ...noSandbox,
    commands,
    written,
    running: () => running,
    opened: () => opened,
    async sandbox() {
      opened += 1;
      return sandbox;
    },
  };
}

async function* linesOf(stdin: ExecOptions["stdin"]): AsyncGenerator<string> {
  if (stdin === undefined || typeof stdin === "string") return;
  let rest = "";
  for await (const bytes of stdin) {
    rest += Buffer.from(bytes).toString();
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

interface Asked {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: { readonly name?: string; readonly arguments?: unknown };
}

/** A program that greets, lists one tool, and answers calls of it by `called`, which may end the program. */
export const withTool =
  (called: (run: Program, id: unknown, asked: Asked) => Promise<Outcome | void>) =>
  async (run: Program): Promise<Outcome | undefined> => {
    const say = (message: object) =>
      run.print(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
    for await (const line of run.lines) {
      const asked = JSON.parse(line) as Asked;
      const { id, method } = asked;
      if (method === "initialize")
        await say({
          id,
          result: {
            protocolVersion: "2025-06-18",
            capabilities: { tools: { listChanged: true } },
            serverInfo: { name: "fake", version: "1" },
          },
        });
      else if (method === "tools/list")
        await say({ id, result: { tools: [{ name: "do", inputSchema: { type: "object" } }] } });
      else if (method === "tools/call") {
        const outcome = await called(run, id, asked);
        if (outcome) return outcome;
      } else if (id !== undefined && method !== undefined)
        await say({ id, error: { code: -32_601, message: "Method not found" } });
    }
    return undefined;
  };

/** Answers a call with a text. */
export const answer = (run: Program, id: unknown, text: string): Promise<void> =>
  run.print(
    `${JSON.stringify({ jsonrpc: "2.0", id, result: { content: [{ type: "text", text }] } })}\n`,
  );
