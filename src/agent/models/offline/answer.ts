import type { ToolCall } from "../../../core/tool-result.ts";
import type { ModelRequest } from "../../model.ts";
import type { Abilities } from "./abilities.ts";
import type { Call } from "./action.ts";
import type { Conversation, Round } from "./conversation.ts";
import { type Planned, planMessages } from "./plan.ts";
import { replyTo } from "./reply.ts";
import { plainText } from "./words.ts";

/** The final words: an answer to every message since the last one, in their order, then what the harness told. */
export function answer(
  { rounds, fresh, notes, memory }: Conversation,
  abilities: Abilities,
  toolChoice: ModelRequest["toolChoice"],
): string {
  const answered = rounds.flatMap((round) => roundAnswers(round, abilities));
  const tools = toolChoice === "none" ? new Set(everyTool) : abilities.tools;
  const open = planMessages(fresh, memory, { ...abilities, tools }).map(
    ({ said, actions }): Answer => ({
      title: titleOf(said),
      text: actions
        .map((action) => (action.type === "say" ? action.markdown : notDone(action, toolChoice)))
        .join("\n\n"),
    }),
  );
  const answers = [...answered, ...open].filter(({ text }) => text !== "");
  const parts =
    answers.length > 1
      ? answers.map(({ title, text }) => (title === "" ? text : `> ${title}\n\n${text}`))
      : answers.map(({ text }) => text);
  return (
    [...parts, ...new Set(notes.flatMap(noteText))].join("\n\n") || "There is nothing for me to do."
  );
}

/** Without tools, what would have been done is still worth telling. */
const everyTool = ["run_task", "shell", "read_file", "list_files", "attach_file", "request_access"];

interface Answer {
  readonly title: string;
  readonly text: string;
}

function roundAnswers(round: Round, abilities: Abilities): readonly Answer[] {
  const { said, memory, calls, results } = round;
  // What was called was available then, even if it is not now.
  const tools = new Set([...abilities.tools, ...calls.map(({ tool }) => tool)]);
  const planned = planMessages(said, memory, { ...abilities, tools });
  if (!isPlanOf(planned, calls)) {
    // Another model made these calls: they are reported as they are.
    const texts = calls.map((call) => replyTo(call, results.get(call.callId)));
    return [{ title: "", text: texts.join("\n\n") }];
  }
  const left = [...calls];
  return planned.map(({ said: { text }, actions }) => ({
    title: titleOf({ text }),
    text: actions
      .map((action) => {
        if (action.type === "say") return action.markdown;
        const call = left.shift();
        return call === undefined ? "" : replyTo(call, results.get(call.callId), action);
      })
      .join("\n\n"),
  }));
}

function isPlanOf(planned: readonly Planned[], calls: readonly ToolCall[]): boolean {
  const made = planned.flatMap(({ actions }) => actions.filter((action) => action.type === "call"));
  return (
    made.length === calls.length &&
    made.every(({ tool, args }, index) => calls[index]?.tool === tool && calls[index].args === args)
  );
}

function titleOf({ text }: Pick<Planned["said"], "text">): string {
  const line = plainText(text).replace(/\s+/g, " ");
  return line.length > 100 ? `${line.slice(0, 100)}…` : line;
}

function notDone({ tool, task }: Call, toolChoice: ModelRequest["toolChoice"]): string {
  const what = task === undefined ? `\`${tool}\`` : `the task \`${task}\``;
  return toolChoice === "none"
    ? `Left undone: I would have run ${what} for this, but no tool may be used any more in this turn. Ask again to have it done.`
    : `Left undone: ${what}.`;
}

/** Budget notes are for the model; what they mean for people is their first sentence, once nothing more can be done. */
function noteText(note: string): readonly string[] {
  // The thread has seen the request itself.
  if (note.startsWith("Asked for ")) return [];
  if (note.startsWith("The budget of this turn is nearly")) return [];
  const text = note.startsWith("The budget of this turn")
    ? note.replace(/(?<=\))\..*$/s, ".")
    : note;
  return [`> Note: ${text.replace(/\n/g, "\n> ")}`];
}
