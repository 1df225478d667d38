import type { ToolSession } from "../tool.ts";
import type { CallEnd, ServerCall } from "./connection.ts";
import type { ListedTool } from "./listed-tool.ts";

/** A configured server, wherever it runs. */
export interface Server extends AsyncDisposable {
  /** Greets it before it is needed, where it can be. */
  start?(): void;
  /** @throws {OpsthreadError} `MCP_FAILED` and what sandboxes say; the turn's reason when that ends */
  list(turn: ServerTurn): Promise<readonly ListedTool[]>;
  /** Starts it if it does not run. `signal` is the call's own. */
  call(
    turn: ServerTurn,
    call: ServerCall,
    options: { readonly signal: AbortSignal },
  ): Promise<CallEnd>;
}

/** The turn that a server works for. */
export interface ServerTurn {
  readonly session: ToolSession;
  /** What its sandbox starts from, when that is not the driver's own. */
  readonly image?: string;
  readonly signal: AbortSignal;
}

/** What all servers have to do with what is configured of them. */
export const isWanted =
  ({ tools: { allow, deny = [] } }: { readonly tools: Wanted }) =>
  (tool: string): boolean =>
    (allow === undefined || allow.includes(tool)) && !deny.includes(tool);

interface Wanted {
  readonly allow?: readonly string[] | undefined;
  readonly deny?: readonly string[] | undefined;
}
