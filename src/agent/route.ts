import { messageOf, OpsthreadError } from "../core/errors.ts";
import type { ThreadRef } from "../core/ids.ts";
import type { Logger } from "../core/logger.ts";
import type { Agents } from "./agent.ts";

/**
 * Which agent a thread's session begins with: one for all; by channel, `platform:workspace:channel` with each part
 * percent-encoded, or `platform:workspace:*`; or a function. Where it says nothing, and where it throws, it is the default.
 */
export type Route =
  | string
  | Readonly<Record<string, string>>
  | ((thread: ThreadRef) => string | undefined);

/** @throws {OpsthreadError} `CONFIG_INVALID` when the table names an agent that is not there */
export function routeOf(
  route: Route | undefined,
  {
    names,
    fallback,
    log,
  }: { readonly names: readonly string[]; readonly fallback: string; readonly log: Logger },
): Agents["route"] {
  if (typeof route === "function")
    return (thread) => {
      try {
        return route(thread) ?? fallback;
      } catch (error) {
        log.error({ error: messageOf(error) }, "A thread could not be routed");
        return fallback;
      }
    };
  const table = new Map(typeof route === "string" ? [] : Object.entries(route ?? {}));
  for (const [place, name] of typeof route === "string" ? [["", route]] : table)
    if (!names.includes(name ?? "")) {
      const key = place === "" ? "route" : `route["${place}"]`;
      throw new OpsthreadError(
        "CONFIG_INVALID",
        `Cannot use ${key}: there is no agent "${name}", expected one of ${names.join(", ")}`,
      );
    }
  const otherwise = typeof route === "string" ? route : fallback;
  return ({ platform, workspace, channel }) => {
    const [inWorkspace, exact] = [
      [platform, workspace],
      [platform, workspace, channel],
    ].map((parts) => parts.map(encodeURIComponent).join(":"));
    return table.get(exact ?? "") ?? table.get(`${inWorkspace}:*`) ?? otherwise;
  };
}
