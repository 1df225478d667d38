import type { Actor } from "../../../core/message.ts";
import type { Inbound } from "../../adapter.ts";
import type { Names } from "./names.ts";
import type { UserGroups } from "./user-groups.ts";

/** The same inbound, told also who people are: their groups, for the gate, and their names. */
export function introducing(
  inbound: Inbound,
  { names, groups }: { readonly names: Names; readonly groups: UserGroups | undefined },
): Inbound {
  const introduced = (actor: Actor, teamId: string): Actor => {
    const name = names.of(teamId, actor.id) ?? actor.name;
    const roles = groups?.of(teamId, actor.id) ?? [];
    return { ...actor, roles, ...(name !== undefined && { name }) };
  };
  return {
    tasks: inbound.tasks,
    check: ({ actor, thread }) =>
      inbound.check({ thread, actor: introduced(actor, thread.workspace) }),
    receive: (message) =>
      inbound.receive({ ...message, actor: introduced(message.actor, message.thread.workspace) }),
    revise: ({ message, ...revision }) =>
      inbound.revise({
        ...revision,
        message: message && {
          ...message,
          actor: introduced(message.actor, message.thread.workspace),
        },
      }),
  };
}
