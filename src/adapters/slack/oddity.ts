import { z } from "zod";

/**
 * What is odd about something that Slack tells: it is of a kind that the adapter reads, and lacks what makes it readable.
 * Undefined for anything else. Only names of fields, since the rest may be what people wrote.
 */
export function oddityOf(body: unknown): string | undefined {
  const kind = kindOf(body);
  if (kind === undefined) return undefined;
  const { success, error } = shapes[kind].safeParse(body);
  if (success) return undefined;
  const fields = error.issues.map(({ path }) => path.map(String).join(".") || "all of it");
  return `${kind}: ${[...new Set(fields)].slice(0, 5).join(", ")}`;
}

type Kind = keyof typeof shapes;

function kindOf(body: unknown): Kind | undefined {
  const parsed = Kinds.safeParse(body);
  if (!parsed.success) return "envelope";
  const { type, command, event } = parsed.data;
  const named = type === "event_callback" || type === undefined ? event?.type : type;
  if (named === undefined) return command === undefined ? "envelope" : "command";
  return isKind(named) ? named : undefined;
}

const isKind = (name: string): name is Kind => Object.hasOwn(shapes, name);

const Kinds = z.object({
  type: z.string().optional(),
  command: z.string().optional(),
  event: z.looseObject({ type: z.string() }).optional(),
});

const id = z.string().min(1);
const posted = z.object({
  event: z.object({
    channel: id,
    ts: id.optional(),
    text: z.string().nullish(),
    user: z.string().optional(),
    thread_ts: z.string().optional(),
    files: z.array(z.object({ id })).nullish(),
  }),
});
const person = z.object({ id });

const shapes = {
  envelope: z.never(),
  message: posted,
  app_mention: posted,
  reaction_added: z.object({
    event: z.object({ user: id, reaction: id, item: z.looseObject({ type: z.string() }) }),
  }),
  command: z.object({ user_id: id, channel_id: id, trigger_id: id, response_url: z.url() }),
  block_actions: z.object({ user: person, actions: z.array(z.looseObject({})).min(1) }),
  message_action: z.object({ user: person, trigger_id: id, channel: person }),
  view_submission: z.object({ user: person, view: z.looseObject({ id }) }),
} as const;
