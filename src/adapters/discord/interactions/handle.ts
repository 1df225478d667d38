import { messageOf } from "../../../core/errors.ts";
import type { ThreadRef } from "../../../core/ids.ts";
import type { Message } from "../../../core/message.ts";
import { approvalOf } from "../buttons.ts";
import { threadAt } from "../channels.ts";
import { fileIdOf } from "../download.ts";
import type { EventOptions } from "../event-options.ts";
import { text } from "../layout.ts";
import { escaped } from "../markdown.ts";
import { givenAt } from "../messages.ts";
import { remembering } from "../remembering.ts";
import { formField, formOf, forms, helpOf, suggested, taskSelect } from "./commands.ts";
import { type Did, type Interaction, interactionOf, type Target } from "./payload.ts";
import { createReply, type Reply } from "./reply.ts";

export interface InteractionOptions extends EventOptions {
  readonly commandName: string;
}

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

interface Context extends InteractionOptions {
  /** What menus were opened on, for when the form comes back. */
  readonly targets: ReturnType<typeof remembering<Target>>;
}

async function answer(interaction: Interaction, reply: Reply, context: Context): Promise<void> {
  const { inbound, commandName } = context;
  const { did } = interaction;
  switch (did.type) {
    case "complete":
      return reply.suggest(suggested(did.focused, inbound.tasks));
    case "command":
      if (did.name === "help") return reply.whisper(helpOf(commandName, inbound.tasks));
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
  { actor, channelId, facts }: Interaction,
  reply: Reply,
  { inbound }: Context,
  act: () => Promise<void>,
): Promise<void> {
  const thread = threadAt({ channelId, messageId: channelId }, facts);
  const verdict = inbound.check({ actor, thread });
  return verdict.allowed ? act() : reply.whisper(verdict.reason);
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
  const said = values[formField] ?? "";
  const [kind, about = ""] = customId.split(":");
  if (kind === forms.about) return askedAbout(interaction, { said, about }, reply, context);
  if (kind !== forms.ask && kind !== forms.run) return reply.seen();
  const words = kind === forms.run ? `${about} ${said}`.trim() : said;
  return begin(interaction, { words, attachments: [] }, reply, context);
}

/** Says for everybody what was asked: the thread opens on that. In a thread, that goes on. */
async function begin(
  interaction: Interaction,
  { words, attachments }: Pick<Message, "attachments"> & { readonly words: string },
  reply: Reply,
  { receiver, places, trouble, log }: Context,
): Promise<void> {
  const { channelId, facts, actor } = interaction;
  const messageId = await reply.say([text(quoted(actor.id, words))]);
  if (messageId === undefined) return log.warn({}, "Discord did not tell where it put a command");
  const thread = threadAt({ channelId, messageId }, facts);
  if (thread.thread === messageId) places.begins(thread, words);
  trouble.asked(thread, actor.id);
  const received = await receiver.bring({
    ...said(interaction, thread),
    kind: "command",
    text: words,
    attachments,
  });
  if (received.status === "denied") await reply.whisper(received.reason);
}

/** The question about a message goes into that message's thread. */
async function askedAbout(
  interaction: Interaction,
  { said: question, about }: { readonly said: string; readonly about: string },
  reply: Reply,
  { api, receiver, places, targets, signal }: Context,
): Promise<void> {
  const { channelId, facts, actor } = interaction;
  const target = targets.get(about);
  if (!target)
    return reply.whisper("That took too long: the message is no longer known. Please ask again");
  const thread = threadAt({ channelId, messageId: about }, facts);
  const attachments = target.files.map(({ id, filename, size, content_type }) => ({
    id: fileIdOf({ channelId, messageId: about }, id),
    name: filename,
    ...(content_type && { mediaType: content_type }),
    ...(size !== undefined && { bytes: size }),
  }));
  if (thread.thread === about && !target.hasThread) places.begins(thread, question);
  await reply.whisper([text(`The answer comes in <#${thread.thread}>.`)]);
  const cited = target.content
    .split("\n")
    .map((line) => `> ${line}`)
    .join("\n");
  // For the others in the thread; what it is about stands above.
  await places.at(
    thread,
    ({ channelId: where }) =>
      api.call("POST", `/channels/${where}/messages`, {
        body: {
          flags: 1 << 15,
          allowed_mentions: { parse: [] },
          components: [text(quoted(actor.id, question))],
        },
        signal,
      }),
    { signal },
  );
  const received = await receiver.bring({
    ...said(interaction, thread),
    kind: "command",
    text: `${question}\n\nAbout this message of ${target.author}:\n${cited}`,
    attachments,
  });
  if (received.status === "denied") await reply.whisper(received.reason);
}

async function stop(interaction: Interaction, reply: Reply, { receiver }: Context): Promise<void> {
  const { channelId, facts } = interaction;
  if (facts.guildId !== undefined && !facts.isThread)
    return reply.whisper("Use this in the thread where something runs");
  const thread = threadAt({ channelId, messageId: channelId }, facts);
  const bringing = receiver.bring({
    ...said(interaction, thread),
    kind: "stop",
    text: "stop",
    attachments: [],
  });
  const received = await soon(bringing);
  if (received?.status === "denied") return reply.whisper(received.reason);
  return reply.whisper(received?.status === "ignored" ? "Nothing runs here" : "Stopping");
}

/** What was decided is shown by the engine's word, not by the press: it may have been decided already. */
async function pressed(
  interaction: Interaction,
  customId: string,
  reply: Reply,
  { receiver }: Context,
): Promise<void> {
  const decision = approvalOf(customId);
  if (!decision) return reply.seen();
  const { channelId, facts } = interaction;
  const thread = threadAt({ channelId, messageId: channelId }, facts);
  const { choice, approvalId } = decision;
  const bringing = receiver.bring({
    ...said(interaction, thread),
    kind: "thread",
    text: choice === "deny" ? `deny ${approvalId}` : `approve ${approvalId} ${choice}`,
    decision,
    attachments: [],
  });
  if (!(await soon(bringing))) await reply.seen();
  const received = await bringing;
  if (received.status === "denied") return reply.whisper(received.reason);
  return reply.seen();
}

/** What came of it, if that is known early enough to tell with the acknowledgement. */
async function soon<T>(outcome: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), soonMs);
  });
  try {
    return await Promise.race([outcome, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Half of the three seconds, so that a slow line has its own. */
const soonMs = 1500;

const said = ({ id, actor }: Interaction, thread: ThreadRef) => ({
  id: `interaction:${id}`,
  thread,
  actor,
  sentAt: givenAt(id),
});

const quoted = (user: string, words: string): string =>
  `<@${user}> asks:\n${escaped(words === "" ? "(files)" : words)
    .slice(0, 3800)
    .split("\n")
    .map((line) => `> ${line}`)
    .join("\n")}`;
