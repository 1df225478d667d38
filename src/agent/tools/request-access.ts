import { z } from "zod";

import { AccessRequest, accessText } from "../../core/access-request.ts";
import { defineTool } from "../define-tool.ts";
import type { Tool } from "../tool.ts";
import { failed, ok } from "./tool-output.ts";

/** Flat, because not every provider takes a choice of objects; what belongs together is checked by {@link AccessRequest}. */
const RequestAccessInput = z.strictObject({
  kind: z.enum(["host", "path", "secret", "memory", "time"]),
  value: z
    .union([z.string().min(1), z.number().int().positive()])
    .describe(
      "host: host:port or *.domain:port; path: absolute path in the sandbox; secret: its name; memory: bytes; time: milliseconds",
    ),
  access: z.enum(["read", "write"]).optional().describe("For a path. Default read"),
  per: z.enum(["command", "task"]).optional().describe("For time. Default command"),
  reason: z.string().min(1).max(500).describe("Why, in one sentence for the person who decides"),
});

/**
 * Asks a person to let the session's sandbox do more. It grants nothing by itself: the request is journalled, the turn
 * ends, and only the decision of somebody who may approve widens what the next turn's sandbox is opened with.
 */
export function requestAccessTool(): Tool<z.output<typeof RequestAccessInput>> {
  return defineTool({
    name: "request_access",
    description:
      "Asks the people in the thread to let the sandbox do more: reach a host, read or write a path, use a configured " +
      "secret by name, or have more memory or time than its limit. Ends this turn; the decision comes as a note. " +
      "Use it when a call failed for lack of just this, ask for no more than is needed, and do not ask again for what was denied.",
    input: RequestAccessInput,
    effect: "pure",
    needsApproval: false,
    async run({ reason, ...input }, { session }) {
      const parsed = AccessRequest.safeParse(withDefaults(input));
      if (!parsed.success)
        return failed(`This can't be asked for: ${z.prettifyError(parsed.error)}`);
      const request = parsed.data;
      const what = accessText(request);
      const standing = session.access(request);
      switch (standing.type) {
        case "granted":
          return ok(`Granted already: ${what}. Go on.`);
        case "waiting":
          return failed(
            `A person was asked for ${what} before and has not decided (approval ${standing.approvalId}). Do not ask again.`,
          );
        case "refused":
          return failed(`Nobody can grant ${what} here: ${standing.reason}.`);
        case "open":
          return {
            ...ok(`Asked the thread for ${what}.`),
            asksFor: { request, reason, expiresAt: standing.expiresAt },
          };
      }
    },
  });
}

function withDefaults({
  kind,
  value,
  access,
  per,
}: Omit<z.output<typeof RequestAccessInput>, "reason">) {
  return {
    kind,
    value,
    ...(kind === "path" ? { access: access ?? "read" } : access && { access }),
    ...(kind === "time" ? { per: per ?? "command" } : per && { per }),
  };
}
