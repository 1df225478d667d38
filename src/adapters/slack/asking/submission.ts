import { z } from "zod";

import { messageOf } from "../../../core/errors.ts";
import { attachment, File } from "../events.ts";
import type { Handler } from "../handle-event.ts";
import { typedText } from "../incoming-text.ts";
import { escaped } from "../mrkdwn.ts";
import type { Reception } from "../reception.ts";
import type { SlackWorkspace } from "../workspaces.ts";
import { ask } from "./ask.ts";
import { inTime } from "./in-time.ts";
import { AboutMessage, formId, inputId } from "./modal.ts";
import { respond } from "./respond.ts";

/** The form of the shortcut comes back: the question is asked beneath the message that it is about. */
export function submissionHandler(
  reception: Reception,
  { apiUrl }: { readonly apiUrl: string },
): Handler {
  const submit = async (
    { user, view, about, question }: Submission,
    workspace: SlackWorkspace,
  ): Promise<object | undefined> => {
    const { clock, signal, inbound } = reception;
    const { channel, thread, responseUrl } = about;
    const name = user.name ?? user.username;
    const actor = { id: user.id, roles: [], ...(name && { name }) };
    const place = { platform: "slack", workspace: workspace.identity.teamId, channel };
    const verdict = inbound.check({ actor, thread: place });
    if (!verdict.allowed) return complaint(verdict.reason);
    const asking = async (): Promise<string | undefined> => {
      const { text, files } = about.isCut ? await wholeOf(about, { reception, workspace }) : about;
      const author = about.by === undefined ? "an app" : `<@${about.by}>`;
      const quote = text.replaceAll(/^/gm, "> ");
      return ask(
        {
          id: `form:${view.id}`,
          channel,
          thread,
          actor,
          shown: question,
          text: `${question}\n\nThis is about the message of ${author}:\n${quote}`,
          attachments: files,
        },
        { reception, workspace },
      );
    };
    const asked = asking();
    const settled = await inTime(asked, { clock });
    if (settled) return settled.result === undefined ? undefined : complaint(settled.result);
    const failed = async (): Promise<void> => {
      const problem = await asked;
      if (problem !== undefined) await respond(responseUrl, escaped(problem), { apiUrl, signal });
    };
    reception.beside(failed(), "A failure was not told");
    return undefined;
  };
  return (body, workspace) => {
    const submission = submissionOf(body);
    const { teamId } = workspace.identity;
    if (!submission || (submission.user.team_id ?? teamId) !== teamId) return undefined;
    return submit(submission, workspace);
  };
}

/** Shown in the form, which stays open. */
const complaint = (reason: string): object => ({
  response_action: "errors",
  errors: { [inputId]: reason },
});

type Submission = Pick<z.infer<typeof Submitted>, "user" | "view"> & {
  readonly about: AboutMessage;
  readonly question: string;
};

function submissionOf(body: unknown): Submission | undefined {
  const parsed = Submitted.safeParse(body);
  if (!parsed.success) return undefined;
  const { user, view } = parsed.data;
  const { question } = view.state.values;
  try {
    const about = AboutMessage.parse(JSON.parse(view.private_metadata));
    return { user, view, about, question: question.question.value };
  } catch {
    return undefined; // A form of another version.
  }
}

/** Of a long message the form has the beginning only. */
async function wholeOf(
  about: AboutMessage,
  { reception, workspace }: { readonly reception: Reception; readonly workspace: SlackWorkspace },
): Promise<
  Pick<AboutMessage, "text"> & { readonly files: readonly { id: string; name: string }[] }
> {
  const { channel, thread, ts } = about;
  const { signal, log } = reception;
  try {
    const page = { channel, ts: thread, oldest: ts, latest: ts, inclusive: true, limit: 1 };
    const answer = await workspace.api.call("conversations.replies", page, {
      signal,
      waitMs: 1000,
    });
    const found = Replies.parse(answer).messages.find((message) => message.ts === ts);
    if (found)
      return {
        text: typedText(found.text, workspace.identity.userId),
        files: found.files.map(attachment),
      };
  } catch (error) {
    signal.throwIfAborted();
    log.debug({ error: messageOf(error) }, "A message was not read again");
  }
  return { ...about, text: `${about.text}\n[the rest of it could not be read]` };
}

const Replies = z.object({
  messages: z.array(
    z.object({
      ts: z.string(),
      text: z.string().default(""),
      files: z.array(File).default([]),
    }),
  ),
});

const Submitted = z.object({
  type: z.literal("view_submission"),
  user: z.object({
    id: z.string().min(1),
    name: z.string().optional(),
    username: z.string().optional(),
    team_id: z.string().optional(),
  }),
  view: z.object({
    id: z.string().min(1),
    callback_id: z.literal(formId),
    private_metadata: z.string(),
    state: z.object({
      values: z.object({
        [inputId]: z.object({ [inputId]: z.object({ value: z.string().trim().min(1) }) }),
      }),
    }),
  }),
});
