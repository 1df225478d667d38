import { parseJSONRPCMessage, serializeMessage } from "@modelcontextprotocol/client";

import { Stopped } from "../../core/abort.ts";
import type { Clock } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import { captureOutput } from "../../core/output.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import { outcomeText } from "../tools/outcome.ts";
import { floods, maxMessageBytes, messageAllowance, tooLong } from "./allowance.ts";
import { byteQueue } from "./byte-queue.ts";
import type { StdioServerConfig } from "./config.ts";
import { lineReader } from "./message-lines.ts";
import { type McpTransport, wasClosed } from "./transport.ts";

export interface SandboxTransportOptions {
  readonly config: Pick<StdioServerConfig, "command" | "env" | "cwd">;
  /** The same for all processes of one server in one sandbox, so that there is one at a time. */
  readonly executionId: string;
  readonly clock: Clock;
}

/** A server's process in a sandbox, talked to in lines of JSON. It is started by `start()`, and lives as long as its sandbox. */
export function sandboxTransport(
  sandbox: Sandbox,
  { config: { command, env, cwd }, executionId, clock }: SandboxTransportOptions,
): McpTransport & { readonly stderr: null; readonly pid: null } {
  const stdin = byteQueue({ maxBytes: maxMessageBytes });
  const errors = captureOutput(maxWordsBytes);
  const stop = new AbortController();
  const mayCome = messageAllowance(clock);
  let notUnderstood = 0;
  let endedBecause: string | undefined;
  let settle = (): void => {};
  const ended = new Promise<void>((resolve) => {
    settle = resolve;
  });

  const breakOff = (reason: string): void => {
    endedBecause ??= reason;
    stop.abort(new Stopped("stop"));
  };

  const take = (line: string): void => {
    if (line.trim() === "" || endedBecause !== undefined) return;
    if (!mayCome()) return breakOff(floods);
    try {
      transport.onmessage?.(parseJSONRPCMessage(JSON.parse(line)));
    } catch {
      // Some servers print a line or two of something else.
      notUnderstood += 1;
      if (notUnderstood > maxNotUnderstood) breakOff("it does not speak the protocol");
    }
  };
  const reader = lineReader({
    maxBytes: maxMessageBytes,
    onLine: take,
    onTooLong: () => breakOff(tooLong),
  });

  const run = async (): Promise<void> => {
    try {
      const { outcome } = await sandbox.exec(`exec ${command.map(quoted).join(" ")}`, {
        executionId,
        isService: true,
        stdin: stdin.bytes,
        env,
        signal: stop.signal,
        ...(cwd !== undefined && { cwd }),
        onOutput(stream, bytes) {
          if (stream === "stdout") reader.push(bytes);
          else errors.push(bytes);
        },
      });
      const said = errors.shown().text.trim();
      const words = said === "" ? "" : `; on stderr it said:\n${said}`;
      endedBecause ??= `it ended: ${outcomeText(outcome)}${words}`;
    } catch (error) {
      endedBecause ??= messageOf(error);
    } finally {
      stdin.end();
      settle();
      transport.onclose?.();
    }
  };

  const transport: ReturnType<typeof sandboxTransport> = {
    // By these two the client knows that who does not answer its first question may be of an older version.
    stderr: null,
    pid: null,
    ended,
    get endedBecause() {
      return endedBecause;
    },
    start() {
      void run();
      return Promise.resolve();
    },
    async send(message) {
      if (endedBecause === undefined && stdin.push(Buffer.from(serializeMessage(message)))) return;
      endedBecause ??= "it does not read what it is told";
      stop.abort(new Stopped("stop"));
      throw new Error(endedBecause);
    },
    async close() {
      breakOff(wasClosed);
      await ended;
    },
  };
  return transport;
}

const maxNotUnderstood = 100;
const maxWordsBytes = 2_000;

/** As one word of a shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
