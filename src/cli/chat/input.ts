/** What a line typed in `opsthread chat` means. */
export type Input =
  | { readonly type: "say"; readonly text: string; readonly files: readonly string[] }
  | { readonly type: "command"; readonly name: "new" | "threads" | "history" | "help" | "quit" }
  | { readonly type: "open"; readonly thread: string }
  | { readonly type: "unknown"; readonly text: string }
  | { readonly type: "nothing" };

/** Reads a line: `/command`, or text with files attached as `+path` or `+"path with spaces"`. */
export function parseInput(line: string): Input {
  const text = line.trim();
  if (text === "") return { type: "nothing" };
  const [, name = "", rest = ""] = /^\/(\w+)\s*(.*)$/.exec(text) ?? [];
  if (name === "open" && rest !== "") return { type: "open", thread: rest };
  if (isCommand(name) && rest === "") return { type: "command", name };
  if (name !== "") return { type: "unknown", text };
  const files = Array.from(text.matchAll(attachment), ([, quoted, plain]) => quoted ?? plain ?? "");
  return { type: "say", text: text.replaceAll(attachment, "").trim(), files };
}

/** A plus sign in front of a path, at the beginning of a word: `1+1` and `+1` say what they say. */
const attachment = /(?:^|(?<=\s))\+(?:"([^"]+)"|((?!\d+(?:\s|$))[^\s"]+))/g;

const commands = ["new", "threads", "history", "help", "quit"] as const;
const isCommand = (name: string): name is (typeof commands)[number] =>
  commands.some((command) => command === name);

export const inputHelp = `Say something to the bot; the first line opens a thread, the next ones go on in it.
  logs what went wrong? +app.log +app.log.1.gz   attaches files
  stop        ends what is running
  approve, approve session, approve always, deny   answers what the bot asks for
  /new        the next line opens a new thread
  /threads    lists the threads        /open <thread>  goes on in one
  /history    shows this thread        /help  /quit`;
