import { messageOf } from "../../../core/errors.ts";
import { threadAt } from "../channels.ts";
import { remembering } from "../remembering.ts";
import { askedAbout, begin } from "./begin.ts";
import { formField, formOf, forms, helpOf, suggested, taskSelect } from "./commands.ts";
import type { Context, InteractionOptions } from "./context.ts";
import { pressed, stop } from "./decide.ts";
import type { Did, Target } from "./did.ts";
import { type Interaction, interactionOf } from "./payload.ts";
import { createReply, type Reply } from "./reply.ts";

/** Answers interactions. Each is acknowledged at once or within a second and a half, whatever else is going on. */
export interface Interactions extends AsyncDisposable {
  /** False for what is none. */
  readonly take: (payload: unknown) => boolean;
}

export function createInteractions(options: InteractionOptions): Interactions {
  const running = new Set<Promise<void>>();
  const context = { ...options, targets: remembering<Target>(maxTargets) };
  return {
    take: (payload) => {
      const interaction = interactionOf(payload);
      if (!interaction) return false;
      const { api, identity, signal, log } = options;
      const reply = createReply(interaction, {
        api,
        applicationId: identity.applicationId,
        signal,
      });
      const done = answer(interaction, reply, context)
        .catch((error: unknown) => {
          if (!signal.aborted)
            log.warn({ error: messageOf(error) }, "An interaction was not answered");
        })
        .finally(() => running.delete(done));
      running.add(done);
      return true;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(running);
    },
  };
}

const maxTargets = 500;

async function answer(interaction: Interaction, reply: Reply, context: Context): Promise<void> {
  const { inbound, commandName } = context;
  const { did } = interaction;
  switch (did.type) {
    case "complete":
      return reply.suggest(
        verdictOn(interaction, context).allowed ? suggested(did.focused, inbound.tasks) : [],
      );
    case "command":
      if (did.name === "help")
        return allowed(interaction, reply, context, () =>
          reply.whisper(helpOf(commandName, inbound.tasks)),
        );
      if (did.name === "stop") return stop(interaction, reply, context);
      return allowed(interaction, reply, context, () => asked(interaction, did, reply, context));
    case "select":
      if (did.customId !== taskSelect) return reply.seen();
      return allowed(interaction, reply, context, () => {
        const [task = ""] = did.values;
        const label = "What it is to work on";
        const id = `${forms.run}:${task}`.slice(0, 100);
        return reply.ask(formOf({ id, title: `Run ${task}`, label, isRequired: false }));
      });
    case "menu":
      return allowed(interaction, reply, context, () => {
        context.targets.set(did.target.id, did.target);
        const label = "What do you want to know about it?";
        return reply.ask(
          formOf({ id: `${forms.about}:${did.target.id}`, title: "Ask Opsthread", label }),
        );
      });
    case "form":
      return allowed(interaction, reply, context, () => filledIn(interaction, did, reply, context));
    case "button":
      return pressed(interaction, did.customId, reply, context);
  }
}

/** Who may not use the bot is told so alone, before anything is done for them. */
async function allowed(
  interaction: Interaction,
  reply: Reply,
  context: Context,
  act: () => Promise<void>,
): Promise<void> {
  const verdict = verdictOn(interaction, context);
  return verdict.allowed ? act() : reply.whisper(verdict.reason);
}

function verdictOn(
  { actor, channelId, facts }: Interaction,
  { inbound }: Context,
): ReturnType<Context["inbound"]["check"]> {
  const thread = threadAt({ channelId, messageId: channelId }, facts);
  return inbound.check({ actor, thread });
}

async function asked(
  interaction: Interaction,
  did: Did & { readonly type: "command" },
  reply: Reply,
  context: Context,
): Promise<void> {
  const { task, input = "", request } = did.options;
  const label = "What is to be done?";
  if (did.name === "ask" && !request && did.files.length === 0)
    return reply.ask(formOf({ id: forms.ask, title: "Ask Opsthread", label }));
  const words = did.name === "run" ? `${task ?? ""} ${input}`.trim() : (request ?? "");
  return begin(interaction, { words, attachments: did.files }, reply, context);
}

async function filledIn(
  interaction: Interaction,
  { customId, values }: Did & { readonly type: "form" },
  reply: Reply,
  context: Context,
): Promise<void> {
  const words = values[formField] ?? "";
  const [kind, about = ""] = customId.split(":");
  if (kind === forms.about)
    return askedAbout(interaction, { question: words, about }, reply, context);
  if (kind !== forms.ask && kind !== forms.run) return reply.seen();
  const given = kind === forms.run ? `${about} ${words}`.trim() : words;
  return begin(interaction, { words: given, attachments: [] }, reply, context);
}
