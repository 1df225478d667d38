import { z } from "zod";

import type { Params } from "../params.ts";
import { Refusal } from "../refusal.ts";
import type { Method, SlackSide } from "./method.ts";

/** Forms: https://docs.slack.dev/reference/methods/views.open */
export const viewMethods: Readonly<Record<string, Method>> = {
  "views.open": {
    scope: undefined,
    run: opened,
  },

  /** On top of the one that is open. */
  "views.push": {
    scope: undefined,
    run: opened,
  },

  "views.update": {
    scope: undefined,
    run(params, { workspace }) {
      const id = params.text("view_id");
      const view = viewIn(params, View);
      params.nothingElse();
      const show = workspace.views.get(id);
      if (!show) throw new Refusal("not_found");
      show({ id, ...view });
      return { view: { id } };
    },
  },

  "views.publish": {
    scope: undefined,
    run(params, { workspace }) {
      const user = params.text("user_id");
      const view = viewIn(params, Home);
      params.nothingElse();
      workspace.homes.set(user, view.blocks);
      return { view: { id: workspace.nextId("V") } };
    },
  },
};

function opened(params: Params, { workspace }: SlackSide): object {
  const triggerId = params.text("trigger_id");
  const view = viewIn(params, View);
  params.nothingElse();
  const trigger = workspace.triggers.get(triggerId);
  if (!trigger) throw new Refusal("invalid_trigger_id");
  if (trigger.isUsed) throw new Refusal("exchanged_trigger_id");
  if (workspace.now() > trigger.until) throw new Refusal("expired_trigger_id");
  trigger.isUsed = true;
  const id = workspace.nextId("V");
  workspace.views.set(id, trigger.open);
  trigger.open({ id, ...view });
  return { view: { id } };
}

function viewIn<T>(params: Params, schema: z.ZodType<T>): T {
  const view = schema.safeParse(params.json("view"));
  if (view.success) return view.data;
  throw new Refusal("invalid_arguments", {
    response_metadata: { messages: view.error.issues.map(({ message }) => message) },
  });
}

const plain = (max: number) =>
  z.strictObject({ type: z.literal("plain_text"), text: z.string().min(1).max(max) });

const Block = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("context"),
    elements: z.array(plain(2000)).min(1).max(10),
  }),
  z.strictObject({
    type: z.literal("input"),
    block_id: z.string().max(255),
    label: plain(2000),
    element: z.strictObject({
      type: z.literal("plain_text_input"),
      action_id: z.string().max(255),
      multiline: z.boolean().optional(),
      max_length: z.number().int().min(1).max(3000).optional(),
      focus_on_load: z.boolean().optional(),
    }),
  }),
]);

const View = z.strictObject({
  type: z.literal("modal"),
  callback_id: z.string().max(255),
  private_metadata: z.string().max(3000),
  title: plain(24),
  submit: plain(24),
  close: plain(24),
  blocks: z.array(Block).min(1).max(100),
});

/** What a person sees who opens the app. */
const Home = z.looseObject({ type: z.literal("home"), blocks: z.array(z.unknown()).max(100) });

/** A form as a person has it before them. */
export type OpenView = z.infer<typeof View> & { readonly id: string };

/** Brings a form before the person. */
export type ShowView = (view: OpenView) => void;

/** What lets the app open a form: once, within three seconds. */
export interface Trigger {
  isUsed: boolean;
  readonly until: number;
  readonly open: ShowView;
}
