import { z } from "zod";

import { invalidForm } from "./refusal.ts";

/** https://discord.com/developers/docs/components/reference */
export interface TwinButton {
  readonly customId: string;
  readonly label: string;
  readonly style: "primary" | "danger" | undefined;
  readonly isDisabled: boolean;
}

const id = z
  .number()
  .int()
  .min(0)
  .max(2 ** 32 - 1)
  .optional();
const media = z.strictObject({ url: z.string().min(1).max(2048) });

const Button = z.strictObject({
  type: z.literal(2),
  id,
  style: z.number().int().min(1).max(5),
  label: z.string().min(1).max(80).optional(),
  emoji: z.looseObject({}).optional(),
  custom_id: z.string().min(1).max(100).optional(),
  url: z.string().max(512).optional(),
  disabled: z.boolean().optional(),
});
const Select = z.strictObject({
  type: z.literal(3),
  id,
  custom_id: z.string().min(1).max(100),
  options: z
    .array(
      z.strictObject({
        label: z.string().min(1).max(100),
        value: z.string().min(1).max(100),
        description: z.string().max(100).optional(),
        default: z.boolean().optional(),
      }),
    )
    .min(1)
    .max(25),
  placeholder: z.string().max(150).optional(),
  min_values: z.number().int().min(0).max(25).optional(),
  max_values: z.number().int().min(1).max(25).optional(),
  disabled: z.boolean().optional(),
});
const Row = z.strictObject({
  type: z.literal(1),
  id,
  components: z.union([z.array(Button).min(1).max(5), z.tuple([Select])]),
});
const Text = z.strictObject({ type: z.literal(10), id, content: z.string().min(1).max(4000) });
const Gallery = z.strictObject({
  type: z.literal(12),
  id,
  items: z
    .array(
      z.strictObject({
        media,
        description: z.string().max(1024).nullish(),
        spoiler: z.boolean().optional(),
      }),
    )
    .min(1)
    .max(10),
});
const File = z.strictObject({
  type: z.literal(13),
  id,
  file: z.strictObject({ url: z.string().startsWith("attachment://") }),
  spoiler: z.boolean().optional(),
});
const Separator = z.strictObject({
  type: z.literal(14),
  id,
  divider: z.boolean().optional(),
  spacing: z.union([z.literal(1), z.literal(2)]).optional(),
});
const Section = z.strictObject({
  type: z.literal(9),
  id,
  components: z.array(Text).min(1).max(3),
  accessory: Button,
});
const inner = [Row, Text, Gallery, File, Separator, Section] as const;
const Container = z.strictObject({
  type: z.literal(17),
  id,
  accent_color: z.number().int().min(0).max(0xffffff).nullish(),
  spoiler: z.boolean().optional(),
  components: z.array(z.discriminatedUnion("type", inner)).min(1).max(40),
});
const Component = z.discriminatedUnion("type", [...inner, Container]);
type Component = z.infer<typeof Component>;

/** Checks what a message shows, and fills in the ids that were left out. `isV2`: the message has the flag for it. */
export function checkComponents(given: readonly unknown[], isV2: boolean): readonly unknown[] {
  const parsed = z
    .array(isV2 ? Component : Row)
    .max(isV2 ? 40 : 5)
    .safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalidForm(
      ["components", ...(issue?.path ?? [])],
      "COMPONENT_INVALID",
      issue?.message ?? "",
    );
  }
  const all = flat(parsed.data);
  if (all.length > 40) throw invalidForm(["components"], "COMPONENT_MAX_TOTAL", "At most 40");
  const text = textsOf(parsed.data).join("");
  if (text.length > 4000)
    throw invalidForm(
      ["components"],
      "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
      "At most 4000 characters",
    );
  const ids = all.flatMap((each) => (each.id ? [each.id] : []));
  if (new Set(ids).size < ids.length)
    throw invalidForm(["components"], "COMPONENT_ID_DUPLICATED", "Ids must be unique");
  const buttons = buttonsOf(parsed.data).map(({ customId }) => customId);
  if (new Set(buttons).size < buttons.length)
    throw invalidForm(
      ["components"],
      "COMPONENT_CUSTOM_ID_DUPLICATED",
      "Custom ids must be unique",
    );
  let next = 1;
  for (const each of all) {
    while (ids.includes(next)) next += 1;
    each.id ||= next++;
  }
  return parsed.data;
}

function flat(components: readonly Component[]): readonly { id?: number | undefined }[] {
  return components.flatMap((each): readonly { id?: number | undefined }[] => {
    switch (each.type) {
      case 17:
        return [each, ...flat(each.components)];
      case 1:
        return [each, ...each.components];
      case 9:
        return [each, ...each.components, each.accessory];
      case 10:
      case 12:
      case 13:
      case 14:
        return [each];
    }
  });
}

const parsedOf = (components: readonly unknown[]): readonly Component[] =>
  z.array(Component).parse(components);

/** All that is there to be read. */
export function textsOf(components: readonly unknown[]): readonly string[] {
  return parsedOf(components).flatMap((each): readonly string[] => {
    if (each.type === 10) return [each.content];
    return each.type === 17 || each.type === 9 ? textsOf(each.components) : [];
  });
}

/** The ids of what a message is made of, in order. */
export const idsOf = (components: readonly unknown[]): readonly number[] =>
  flat(parsedOf(components)).map((each) => each.id ?? 0);

/** The names of the files that are shown. */
export function shownFiles(components: readonly unknown[]): readonly string[] {
  return parsedOf(components).flatMap((each): readonly string[] => {
    switch (each.type) {
      case 13:
        return [each.file.url.replace("attachment://", "")];
      case 12:
        return each.items.map(({ media: { url } }) => url.replace("attachment://", ""));
      case 17:
        return shownFiles(each.components);
      case 1:
      case 9:
      case 10:
      case 14:
        return [];
    }
  });
}

export function buttonsOf(components: readonly unknown[]): readonly TwinButton[] {
  return parsedOf(components).flatMap((each): readonly TwinButton[] => {
    if (each.type === 17) return buttonsOf(each.components);
    if (each.type === 9) return [buttonOf(each.accessory)];
    if (each.type !== 1) return [];
    return each.components.flatMap((part) => (part.type === 2 ? [buttonOf(part)] : []));
  });
}

const buttonOf = ({
  custom_id = "",
  label = "",
  style,
  disabled = false,
}: z.infer<typeof Button>): TwinButton => ({
  customId: custom_id,
  label,
  style: style === 4 ? "danger" : style === 1 || style === 3 ? "primary" : undefined,
  isDisabled: disabled,
});

/** The lists of a message that one may choose from. */
export function selectsOf(
  components: readonly unknown[],
): readonly { readonly customId: string; readonly values: readonly string[] }[] {
  return parsedOf(components).flatMap((each) => {
    if (each.type === 17) return selectsOf(each.components);
    if (each.type !== 1) return [];
    return each.components.flatMap((part) =>
      part.type === 3
        ? [{ customId: part.custom_id, values: part.options.map(({ value }) => value) }]
        : [],
    );
  });
}
