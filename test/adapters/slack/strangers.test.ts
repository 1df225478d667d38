import { expect, test } from "vitest";

import { shortcutHandler } from "../../../src/adapters/slack/asking/shortcut.ts";
import { commandHandler } from "../../../src/adapters/slack/asking/slash-command.ts";
import { submissionHandler } from "../../../src/adapters/slack/asking/submission.ts";
import { emojiMeanings } from "../../../src/adapters/slack/emoji.ts";
import { names } from "../../../src/adapters/slack/people/names.ts";
import { reactionHandler } from "../../../src/adapters/slack/reactions.ts";
import { createReception } from "../../../src/adapters/slack/reception.ts";
import { revisionHandler } from "../../../src/adapters/slack/revisions.ts";
import type { SlackWorkspace } from "../../../src/adapters/slack/workspaces.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { silentLogger } from "../../../src/core/logger.ts";
import { recordingInbound } from "../../../src/testing/adapter-suite-support.ts";

const responseUrl = "https://hooks.slack.com/x";
const command = {
  command: "/ops",
  text: "help",
  team_id: "T1",
  user_id: "U1",
  channel_id: "C1",
  trigger_id: "1",
  response_url: responseUrl,
};
const shortcut = {
  type: "message_action",
  callback_id: "opsthread_ask",
  trigger_id: "1",
  response_url: responseUrl,
  user: { id: "U1", team_id: "T1" },
  channel: { id: "C1" },
  message: { ts: "1.1", text: "hello" },
};
const about = { channel: "C1", ts: "1.1", thread: "1.1", text: "hello", isCut: false, files: [] };
const submission = {
  type: "view_submission",
  user: { id: "U1", team_id: "T1" },
  view: {
    id: "V1",
    callback_id: "opsthread_question_form",
    private_metadata: JSON.stringify({ ...about, responseUrl }),
    state: { values: { question: { question: { value: "Why?" } } } },
  },
};
const reaction = {
  is_ext_shared_channel: false,
  event: {
    type: "reaction_added",
    user: "U1",
    reaction: "octagonal_sign",
    event_ts: "1.2",
    item: { type: "message", channel: "C1", ts: "1.1" },
  },
};
const edit = {
  event: {
    type: "message",
    subtype: "message_changed",
    channel: "C1",
    message: { ts: "1.1", thread_ts: "1.0", user: "U1", user_team: "T1", text: "new" },
    previous_message: { ts: "1.1", thread_ts: "1.0", user: "U1", text: "old" },
  },
};

/** Whether something of that workspace is taken. */
function isTaken(body: object): boolean {
  const reception = createReception({
    inbound: recordingInbound(),
    names: names({ clock: systemClock, log: silentLogger }),
    withGroups: false,
    clock: systemClock,
    log: silentLogger,
  });
  const workspace: SlackWorkspace = {
    botToken: "xoxb-1",
    identity: { teamId: "T1", userId: "UBOT", botId: "BBOT" },
    api: { call: () => Promise.reject(new Error("Not in this test")) },
  };
  const options = { apiUrl: "https://slack.com/api/" };
  const taken = [
    commandHandler(reception, options),
    shortcutHandler(reception, options),
    submissionHandler(reception, options),
    reactionHandler(reception, { meanings: emojiMeanings(true) }),
    revisionHandler(reception),
  ].flatMap((handler) => handler(body, workspace) ?? []);
  for (const work of taken) work.catch(() => {}); // Whatever becomes of it.
  return taken.length > 0;
}

test.each([
  ["a command", command, { ...command, team_id: "T2" }],
  ["a shortcut", shortcut, { ...shortcut, user: { id: "U1", team_id: "T2" } }],
  ["a form", submission, { ...submission, user: { id: "U1", team_id: "T2" } }],
  ["a reaction", reaction, { ...reaction, is_ext_shared_channel: true }],
  [
    "an edit",
    edit,
    { event: { ...edit.event, message: { ...edit.event.message, user_team: "T2" } } },
  ],
])("%s of somebody of another workspace is not taken", (_, own, strangers) => {
  expect(isTaken(own)).toBe(true);
  expect(isTaken(strangers)).toBe(false);
});

test.each([
  { ...shortcut, response_url: "not a URL" },
  { ...submission, view: { ...submission.view, private_metadata: "no JSON" } },
  { event: { ...reaction.event, item: { type: "file" } } },
  { event: { ...edit.event, previous_message: undefined } },
  {},
])("what is not as it should be is not taken: %#", (body) => {
  expect(isTaken(body)).toBe(false);
});
