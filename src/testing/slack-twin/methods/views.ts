import { z } from "zod";

import { Refusal } from "../refusal.ts";
import type { Method } from "./method.ts";

/** Forms: https://docs.slack.dev/reference/methods/views.open */
export const viewMethods: Readonly<Record<string, Method>> = {
  "views.open": {
    scope: undefined,
    run(params, { workspace }) {
      const triggerId = params.text("trigger_id");
      const view = View.safeParse(params.json("view"));
      params.nothingElse();
      if (!view.success)
        throw new Refusal("invalid_arguments", {
          response_metadata: { messages: view.error.issues.map(({ message }) => message) },
        });
      const trigger = workspace.triggers.get(triggerId);
      if (!trigger) throw new Refusal("invalid_trigger_id");
      if (trigger.isUsed) throw new Refusal("exchanged_trigger_id");
      if (workspace.now() > trigger.until) throw new Refusal("expired_trigger_id");
      trigger.isUsed = true;
      const id = workspace.nextId("V");
      trigger.open({ id, ...view.data });
      return { view: { id } };
    },
  },
};

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

/** A form as a person has it before them. */
export type OpenView = z.infer<typeof View> & { readonly id: string };

/** What lets the app open a form: once, within three seconds. */
export interface Trigger {
  isUsed: boolean;
  readonly until: number;
  readonly open: (view: OpenView) => void;
}
