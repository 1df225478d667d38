import { z } from "zod";

import { invalidForm, refusals } from "../refusal.ts";
import type { Route, RouteCall } from "../server-side.ts";

/** Commands of the app: https://discord.com/developers/docs/interactions/application-commands#endpoints */
export const commandRoutes: Readonly<Record<string, Route>> = {
  "GET /applications/{}/commands": { run: (call) => listed(call, "") },
  "GET /applications/{}/guilds/{}/commands": { run: (call) => listed(call, call.ids[1] ?? "") },
  "PUT /applications/{}/commands": { run: (call) => overwritten(call, "") },
  "PUT /applications/{}/guilds/{}/commands": {
    run: (call) => overwritten(call, call.ids[1] ?? ""),
  },
  "POST /applications/{}/commands": { run: (call) => made(call, "") },
  "POST /applications/{}/guilds/{}/commands": { run: (call) => made(call, call.ids[1] ?? "") },
  "PATCH /applications/{}/commands/{}": { run: (call) => changed(call, "", call.ids[1] ?? "") },
  "PATCH /applications/{}/guilds/{}/commands/{}": {
    run: (call) => changed(call, call.ids[1] ?? "", call.ids[2] ?? ""),
  },
  "DELETE /applications/{}/commands/{}": { run: (call) => removed(call, "", call.ids[1] ?? "") },
  "DELETE /applications/{}/guilds/{}/commands/{}": {
    run: (call) => removed(call, call.ids[1] ?? "", call.ids[2] ?? ""),
  },
};

const listed = ({ side: { commands } }: RouteCall, place: string): object =>
  commands.byPlace.get(place) ?? [];

/** All at once: what is not among them is removed. */
function overwritten(call: RouteCall, place: string): object {
  const bodies = z.array(z.unknown()).parse(call.body);
  const all = bodies.map((body) => ({ body, command: checked(body) }));
  const kept = (call.side.commands.byPlace.get(place) ?? []).filter((each) =>
    all.some(({ command }) => command.name === each["name"] && command.type === each["type"]),
  );
  call.side.commands.byPlace.set(place, kept);
  return all.map(({ body }) => made({ ...call, body }, place));
}

function made({ side, body }: RouteCall, place: string): object {
  const command = checked(body);
  const here = side.commands.byPlace.get(place) ?? [];
  // The same name and type again takes the place of the former one.
  const at = here.findIndex(({ name, type }) => name === command.name && type === command.type);
  const kept = { ...command, id: here[at]?.id ?? side.state.nextId(), ...facts(side, place) };
  if (at === -1) {
    countMade(side, { place, type: command.type, there: here });
    here.push(kept);
  } else here[at] = kept;
  side.commands.byPlace.set(place, here);
  return kept;
}

/** https://discord.com/developers/docs/interactions/application-commands#registering-a-command */
function countMade(
  { commands, state }: RouteCall["side"],
  {
    place,
    type,
    there,
  }: {
    readonly place: string;
    readonly type: number;
    readonly there: readonly { readonly [field: string]: unknown }[];
  },
): void {
  const max = type === 1 ? 100 : 15;
  if (there.filter((each) => each["type"] === type).length >= max)
    throw refusals.tooManyCommands(max);
  const day = `${place} ${new Date(state.clock.now()).toISOString().slice(0, 10)}`;
  const count = (commands.made.get(day) ?? 0) + 1;
  if (count > 200) throw refusals.tooManyCreations();
  commands.made.set(day, count);
}

function changed({ side, body }: RouteCall, place: string, id: string): object {
  const here = side.commands.byPlace.get(place) ?? [];
  const at = here.findIndex((each) => each.id === id);
  if (at === -1) throw invalidForm([], "UNKNOWN", "Unknown application command");
  const kept = { ...here[at], ...checked({ ...here[at], ...Given.parse(body) }), id };
  here[at] = kept;
  return kept;
}

function removed({ side }: RouteCall, place: string, id: string): undefined {
  const here = side.commands.byPlace.get(place) ?? [];
  side.commands.byPlace.set(
    place,
    here.filter((each) => each.id !== id),
  );
}

const facts = ({ state }: RouteCall["side"], place: string): object => ({
  application_id: state.applicationId,
  version: "1",
  nsfw: false,
  // Discord fills in what was left out.
  name_localizations: null,
  description_localizations: null,
  ...(place !== "" && { guild_id: place }),
});

function checked(body: unknown): z.infer<typeof Command> {
  const parsed = Command.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalidForm(issue?.path ?? [], "APPLICATION_COMMAND_INVALID", issue?.message ?? "");
  }
  if (JSON.stringify(parsed.data).length > 8000)
    throw invalidForm([], "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (8000)");
  return parsed.data;
}

const Given = z.looseObject({});
const name = z.string().regex(/^[-_'\p{L}\p{N}]{1,32}$/u);
const description = z.string().min(1).max(100);
const choices = z
  .array(z.looseObject({ name: z.string().min(1).max(100), value: z.unknown() }))
  .max(25)
  .optional();
const leaf = {
  name,
  description,
  required: z.boolean().optional(),
  choices,
  autocomplete: z.boolean().optional(),
  max_length: z.number().optional(),
  min_length: z.number().optional(),
};
const Leaf = z.looseObject({ type: z.number().int().min(3).max(11), ...leaf });
const Subcommand = z.looseObject({
  type: z.literal(1),
  name,
  description,
  options: z
    .array(Leaf)
    .max(25)
    .refine(
      (options) => isRequiredFirst(options),
      "Required options must be placed before non-required",
    )
    .optional(),
});
const Command = z.looseObject({
  name: z.string().min(1).max(32),
  type: z.number().int().min(1).max(4).default(1),
  description: z.string().max(100).default(""),
  options: z
    .array(z.union([Subcommand, Leaf]))
    .max(25)
    .optional(),
});

function isRequiredFirst(options: readonly { readonly required?: boolean | undefined }[]): boolean {
  const firstFree = options.findIndex(({ required }) => !required);
  return firstFree === -1 || options.slice(firstFree).every(({ required }) => !required);
}
