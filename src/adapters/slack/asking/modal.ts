import { z } from "zod";

import type { Attachment } from "../../../core/message.ts";

/** The message that somebody asks about, as it goes with the form and comes back. */
export const AboutMessage = z.object({
  channel: z.string().min(1),
  ts: z.string().min(1),
  thread: z.string().min(1),
  /** Who wrote it: a person's id, undefined for an app. */
  by: z.string().optional(),
  text: z.string(),
  /** It has more text, or more files, than went along. */
  isCut: z.boolean(),
  files: z.array(z.object({ id: z.string().min(1), name: z.string().min(1) })),
  responseUrl: z.string(),
});
export type AboutMessage = z.infer<typeof AboutMessage>;

/** What fits into a form: Slack takes 3,000 characters, however they are escaped. */
export function cutToFit(
  about: Omit<AboutMessage, "isCut"> & { files: readonly Attachment[] },
): AboutMessage {
  const files = about.files
    .slice(0, maxFiles)
    .map(({ id, name }) => ({ id, name: name.slice(-60) }));
  let text = about.text.slice(0, maxText);
  let cut = (): AboutMessage => ({
    ...about,
    files,
    text,
    isCut: text.length < about.text.length || files.length < about.files.length,
  });
  while (JSON.stringify(cut()).length > maxMetadata && text !== "")
    text = text.slice(0, Math.floor(text.length * 0.8));
  return cut();
}

const maxFiles = 5;
const maxText = 1800;
const maxMetadata = 3000;

/** The form for the question. https://docs.slack.dev/surfaces/modals */
export function questionForm(about: AboutMessage): object {
  const quote = about.text.slice(0, 300) || "(no text)";
  return {
    type: "modal",
    callback_id: formId,
    private_metadata: JSON.stringify(about),
    title: plain("Ask Opsthread"),
    submit: plain("Ask"),
    close: plain("Cancel"),
    blocks: [
      { type: "context", elements: [plain(`About: ${quote}`)] },
      {
        type: "input",
        block_id: inputId,
        label: plain("What do you want to know?"),
        element: {
          type: "plain_text_input",
          action_id: inputId,
          multiline: true,
          max_length: 2000,
          focus_on_load: true,
        },
      },
    ],
  };
}

export const formId = "opsthread_question_form";
export const inputId = "question";

const plain = (text: string): object => ({ type: "plain_text", text });
