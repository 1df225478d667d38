import { type CallToolResult, Client, type Progress } from "@modelcontextprotocol/client";

import { abortable, timeLimit } from "../../core/abort.ts";
import type { Clock } from "../../core/clock.ts";
import { OpsthreadError } from "../../core/errors.ts";
import { type Failure, failureOf } from "./failure.ts";
import { listTools } from "./list-tools.ts";
import type { ListedTool } from "./listed-tool.ts";
import type { McpTransport } from "./transport.ts";

/** A server that answers. */
export interface Connection {
  readonly isOpen: boolean;
  /** Settles when nothing of it is left. Never rejects. */
  readonly ended: Promise<void>;
  /** @throws {OpsthreadError} `MCP_FAILED` */
  list(options: { readonly signal: AbortSignal }): Promise<readonly ListedTool[]>;
  /** When `signal` aborts the server is told so, and nobody waits for it. */
  call(call: ServerCall, options: { readonly signal: AbortSignal }): Promise<CallEnd>;
  close(): Promise<void>;
}

export interface ServerCall {
  readonly tool: Pick<ListedTool, "name" | "parameters">;
  readonly args: Record<string, unknown>;
  readonly onProgress: (progress: Progress) => void;
}

export type CallEnd =
  | { readonly type: "answered"; readonly result: CallToolResult }
  | ({ readonly type: "failed" } & Failure);

export interface ConnectOptions {
  readonly server: string;
  readonly startMs: number;
  readonly isWanted: (tool: string) => boolean;
  /** Told the tools when the server has said that they are others now. */
  readonly onTools: (tools: readonly ListedTool[]) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Greets a server by its transport.
 * @throws {OpsthreadError} `MCP_FAILED`
 */
export async function connect(
  transport: McpTransport,
  { server, startMs, isWanted, onTools, clock, signal }: ConnectOptions,
): Promise<Connection> {
  // Nothing is offered to servers: one that asks for a model, a person or folders is told that there are none.
  const client = new Client(
    { name: "opsthread", version: "1" },
    {
      capabilities: {},
      versionNegotiation: { mode: "auto", probe: { timeoutMs: Math.min(probeMs, startMs) } },
      listChanged: { tools: { autoRefresh: false, debounceMs: 0, onChanged: () => void relist() } },
    },
  );
  const failed = (text: string): OpsthreadError =>
    new OpsthreadError("MCP_FAILED", `Cannot use the MCP server "${server}": ${text}`);

  const within = async <T>(
    work: (options: { readonly signal: AbortSignal; readonly timeout: number }) => Promise<T>,
    outer: AbortSignal,
  ): Promise<T> => {
    using limit = timeLimit(startMs, { signal: outer, clock });
    try {
      return await abortable(work({ signal: limit.signal, timeout: longestMs }), limit.signal);
    } catch (error) {
      if (outer.aborted) throw outer.reason;
      if (limit.signal.aborted && transport.endedBecause === undefined)
        throw failed(`it did not answer within ${startMs / 1_000} s`);
      throw failed((await understood(error)).text);
    }
  };
  /** What went wrong. Of a session that the server has forgotten nothing can be made any more. */
  const understood = async (error: unknown): Promise<Failure> => {
    const failure = failureOf(error, transport);
    if (failure.isSessionGone === true) await transport.close();
    return failure;
  };

  let listing: Promise<void> | undefined;
  let isStale = false;
  /** One at a time, however often the server says that something has changed. */
  const relist = (): Promise<void> => {
    isStale = true;
    listing ??= listAnew().finally(() => {
      listing = undefined;
    });
    return listing;
  };
  const listAnew = async (): Promise<void> => {
    while (isStale) {
      isStale = false;
      const tools = await connection.list({ signal }).catch(() => undefined);
      if (tools) onTools(tools);
    }
  };

  const connection: Connection = {
    get isOpen() {
      return transport.endedBecause === undefined;
    },
    ended: transport.ended,
    list: (options) =>
      within((limits) => listTools(client, { ...limits, isWanted }), options.signal),
    async call({ tool, args, onProgress }, options) {
      try {
        const result = await client.callTool(
          { name: tool.name, arguments: args },
          {
            ...options,
            timeout: longestMs,
            onprogress: onProgress,
            // Without an output schema: to check what comes against one costs as much time as the server likes, since a
            // pattern can take for ever. What comes is text for a model, whatever form it has.
            toolDefinition: { name: tool.name, inputSchema: tool.parameters },
          },
        );
        return { type: "answered", result };
      } catch (error) {
        options.signal.throwIfAborted();
        return { type: "failed", ...(await understood(error)) };
      }
    },
    close: () => transport.close(),
  };
  try {
    await within((limits) => client.connect(transport, limits), signal);
  } catch (error) {
    // The next one must not meet what is left of it.
    await transport.close();
    throw error;
  }
  return connection;
}

/** How long a server may take to say that it knows nothing of the current version. */
const probeMs = 5_000;
/** Times are kept by our own clock; without this the client would give up after a minute. */
const longestMs = 2 ** 31 - 1;
