import type { Abilities } from "./abilities.ts";
import { type Action, call, say } from "./action.ts";
import { type Command, commandsIn, maxWords } from "./command.ts";
import type { Said } from "./conversation.ts";
import { filesNamed, leadingFiles } from "./file-names.ts";
import { helloText, helpText, thanksText, unknownText } from "./help.ts";
import { withoutMatch } from "./match.ts";
import { type Memory, withCall, withFiles } from "./memory.ts";
import { planDiff } from "./plan-diff.ts";
import { planLogs } from "./plan-logs.ts";
import { planWork } from "./plan-work.ts";
import { plainText } from "./words.ts";

/** What a message is answered with. */
export interface Planned {
  readonly said: Said;
  readonly actions: readonly Action[];
}

/**
 * What to do about messages, in their order. It depends on nothing but its arguments, so that the plan of an
 * earlier step can be made again when its results are there.
 */
export function planMessages(
  messages: readonly Said[],
  memory: Memory,
  abilities: Abilities,
): readonly Planned[] {
  const planned: Planned[] = [];
  const calls = new Set<string>();
  let known = memory;
  for (const said of joinUploads(messages)) {
    known = withFiles(known, said.files);
    const actions = planMessage(said, known, abilities).filter((action) => {
      if (action.type === "say") return true;
      const key = `${action.tool} ${action.args}`;
      if (calls.has(key)) return false;
      calls.add(key);
      known = withCall(known, action);
      return true;
    });
    planned.push({ said, actions });
  }
  return planned;
}

/** Files that came without a word belong to what was said next, or just before. */
function joinUploads(messages: readonly Said[]): readonly Said[] {
  const joined: Said[] = [];
  let waiting: readonly string[] = [];
  for (const { text, files } of messages) {
    if (plainText(text) === "") waiting = [...waiting, ...files];
    else {
      joined.push({ text, files: [...waiting, ...files] });
      waiting = [];
    }
  }
  if (messages.length === 0) return [];
  const last = joined.pop() ?? { text: "", files: [] };
  return [...joined, { ...last, files: [...last.files, ...waiting] }];
}

function planMessage(said: Said, memory: Memory, abilities: Abilities): readonly Action[] {
  const text = plainText(said.text);
  if (text === "" && said.files.length === 0) return [say(helloText(abilities))];
  const commands = commandsIn(
    text,
    abilities.tasks.map(({ name }) => name),
  );
  const isChat = commands.every(({ type }) => type === "hello" || type === "thanks");
  if (commands.length > 0 && !(isChat && said.files.length > 0)) {
    return commands.flatMap((command) => planCommand(command, { said, memory, abilities }));
  }
  const words = text.slice(0, maxWords);
  const named = filesNamed(withoutMatch(words), memory);
  const actions = planWork({ text: words, named, attached: said.files }, memory);
  const checked = actions.flatMap((action) => allowed(action, abilities));
  return checked.length > 0 ? checked : [say(unknownText(text, memory, abilities))];
}

function planCommand(
  command: Command,
  { said, memory, abilities }: { said: Said; memory: Memory; abilities: Abilities },
): readonly Action[] {
  return actionsOf(command, { said, memory, abilities }).flatMap((action) =>
    allowed(action, abilities),
  );
}

function actionsOf(
  command: Command,
  { said, memory, abilities }: { said: Said; memory: Memory; abilities: Abilities },
): readonly Action[] {
  switch (command.type) {
    case "help":
      return [say(helpText(abilities))];
    case "hello":
      return [say(helloText(abilities))];
    case "thanks":
      return [say(thanksText)];
    case "shell":
      return [call("shell", { command: command.command })];
    case "read": {
      const { path, offset, limit } = command;
      return [call("read_file", { path: placeOf(path, memory), offset, limit })];
    }
    case "list":
      return [call("list_files", { path: command.path?.replace(/^sources/, "/sources") })];
    case "attach":
      return [call("attach_file", { path: placeOf(command.path, memory) })];
    case "access": {
      const { kind, value } = command;
      return [call("request_access", { kind, value, reason: "Asked for in the thread." })];
    }
    case "task":
      return [call("run_task", { task: command.name, input: command.input })];
    case "logs":
    case "diff": {
      const text = command.rest;
      const leading = leadingFiles(text, memory);
      const named = leading.length > 0 ? leading : filesNamed(withoutMatch(text), memory);
      const request = { text, named, attached: said.files };
      return command.type === "logs"
        ? planLogs(request, memory)
        : planDiff({ ...request, ordered: true }, memory);
    }
  }
}

/** A file by any of its names, else the path as it was written. */
function placeOf(path: string, memory: Memory): string {
  return filesNamed(`"${path}"`, memory)[0]?.path ?? path;
}

/** A call that cannot be made here becomes the words that say so. */
function allowed(action: Action, { tasks, tools }: Abilities): readonly Action[] {
  if (action.type === "say") return [action];
  if (!tools.has(action.tool))
    return [say(`I cannot do that here: the tool \`${action.tool}\` is not available.`)];
  const { task } = action;
  if (task === undefined || tasks.some(({ name }) => name === task)) return [action];
  return [say(`I cannot do that here: there is no task \`${task}\`.`)];
}
