import type { Clock } from "../../core/clock.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import type { StdioServerConfig } from "./config.ts";
import { connect } from "./connection.ts";
import { keepConnection, type KeptConnection } from "./keep-connection.ts";
import { listCache } from "./list-cache.ts";
import { sandboxTransport } from "./sandbox-transport.ts";
import { isWanted, type Server, type ServerTurn } from "./server.ts";

/**
 * A server that runs in each session's own sandbox, from its first use on, and rests with it between turns. Its tools are
 * taken to be the same in every sandbox of an image, so that only the first turn with one has to start it for that.
 */
export function sandboxServer(
  server: string,
  { config, clock }: { readonly config: StdioServerConfig; readonly clock: Clock },
): Server {
  const lists = listCache({ clock });
  const kept = new WeakMap<Sandbox, KeptConnection>();

  const keptIn = (sandbox: Sandbox, key: string): KeptConnection => {
    const known = kept.get(sandbox);
    if (known) return known;
    const fresh = keepConnection(({ signal }) =>
      connect(sandboxTransport(sandbox, { config, executionId: `mcp-${server}`, clock }), {
        server,
        startMs: config.startMs,
        isWanted: isWanted(config),
        onTools: (tools) => lists.set(key, tools),
        clock,
        signal,
      }),
    );
    kept.set(sandbox, fresh);
    return fresh;
  };

  const connected = async (
    { session, image = "", signal: turn }: ServerTurn,
    call: AbortSignal,
  ) => {
    const connection = keptIn(await session.sandbox(), image);
    // Whoever goes on with an interrupted turn can't talk to this process, and starts one of its own.
    turn.addEventListener("abort", connection.letGo, { once: true });
    return connection.get({ signal: call });
  };

  return {
    list: (turn) =>
      lists.get(
        turn.image ?? "",
        async () => (await connected(turn, turn.signal)).list({ signal: turn.signal }),
        turn,
      ),
    call: async (turn, call, { signal }) => (await connected(turn, signal)).call(call, { signal }),
    // They end with their sandboxes.
    async [Symbol.asyncDispose]() {},
  };
}
