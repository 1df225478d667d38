/** What a person typed as a command, before files and filters in it are understood. */
export type Command =
  | { readonly type: "help" | "hello" | "thanks" }
  | { readonly type: "shell"; readonly command: string }
  | {
      readonly type: "read";
      readonly path: string;
      readonly offset?: number;
      readonly limit?: number;
    }
  | { readonly type: "list"; readonly path?: string }
  | { readonly type: "attach"; readonly path: string }
  | { readonly type: "access"; readonly kind: "host" | "memory"; readonly value: string | number }
  /** A built-in task by name, its arguments as text. */
  | { readonly type: "logs" | "diff"; readonly rest: string }
  /** Any other task by name, its input as JSON. */
  | { readonly type: "task"; readonly name: string; readonly input: unknown };

/** The commands of a message: one, or one on each line. Empty when it is not made of commands. */
export function commandsIn(text: string, tasks: readonly string[]): readonly Command[] {
  if (text.length > maxWords) {
    const long = shellOf(text) ?? taskOf(text, tasks);
    return long === undefined ? [] : [long];
  }
  const whole = commandOf(text, tasks);
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  if (lines.length < 2) return whole === undefined ? [] : [whole];
  const each = lines.map((line) => commandOf(line, tasks));
  if (each.every((command) => command !== undefined)) return each;
  return whole === undefined ? [] : [whole];
}

/** Characters in which words are looked for: a longer text is a script, JSON or a paste. */
export const maxWords = 2000;

const polite =
  /^(?:(?:please|pls|plz|ok|okay|so|now|then|can (?:you|u|i)|could you|would you|will you|just|kindly|let's|lets|i want you to|i need you to|hi|hey|hello|@?opsthread|@?bot)\b[\s,!.:]*)+(?=\S)/i;

function commandOf(message: string, tasks: readonly string[]): Command | undefined {
  const text = message.trim();
  const small = smallTalk(text);
  if (small !== undefined) return { type: small };
  const ask = text.replace(polite, "");
  return shellOf(ask) ?? accessOf(ask) ?? fileOf(ask) ?? taskOf(ask, tasks) ?? builtinOf(ask);
}

/** What to say to a message that is just politeness, or asks who this is. */
function smallTalk(text: string): "help" | "hello" | "thanks" | undefined {
  const bare = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s?']/gu, "")
    .trim();
  if (/^(?:h[ei]lp|hlep|hepl|commands?|usage|\?+|man|about)(?: me| please| pls)*\s*\??$/.test(bare))
    return "help";
  if (
    /^(?:so |and |hi |hey |hello )*(?:what (?:can|do) (?:you|u) (?:do|understand|know)|who are (?:you|u)|what are (?:you|u)|are (?:you|u) (?:an? )?(?:ai|bot|human|llm|gpt|chatgpt|robot|real)|how (?:do|can|does) (?:i use )?(?:this|you|it)(?: work)?)\b/.test(
      bare,
    )
  )
    return "help";
  const greeting =
    /^(?:hi|hey|hello|hallo|moin|yo|howdy|hiya|good (?:morning|afternoon|evening|day)|morning|servus)(?: (?:there|bot|all|team|folks|everyone|opsthread))*\??$/;
  if (greeting.test(bare)) return "hello";
  if (
    /^(?:ok |okay |great |cool |nice |perfect |awesome |many )*(?:thanks|thank you|thank u|thx|ty|tysm|cheers|danke|merci|gracias|tnx|thanx|great|perfect|awesome|nice|cool|good bot|well done|nice one|ok|okay)(?: (?:a lot|so much|very much|everyone|all|bot|mate|that helps|that's all|thats all|for .{1,40}|you))*$/.test(
      bare,
    )
  )
    return "thanks";
  return undefined;
}

/** After these words, `run` is English: "run the logs again", "run it on app.log". */
const english =
  /^(?:a|an|the|this|that|these|those|it|again|through|over|on|logs?|diffs?|some|all|my|our|with|another|both)\b/i;

function shellOf(text: string): Command | undefined {
  const dollar = /^\$\s*(\S[\s\S]*)$/.exec(text)?.[1];
  const said = /^(?:run|exec|execute|shell|sh)\b\s*:?\s+(\S[\s\S]*)$/i.exec(text)?.[1];
  const asked = dollar ?? (said === undefined || english.test(said) ? undefined : said);
  if (asked === undefined) return undefined;
  const fenced =
    /^```(?:\w*\n)?([\s\S]+?)\n?```[\s.!?]*$/.exec(asked) ?? /^`([^`]+)`[\s.!?]*$/.exec(asked);
  const command = (fenced?.[1] ?? asked).trim();
  return { type: "shell", command: command.replace(/^\$\s+/, "") };
}

/** `allow example.com:443`, `allow 2 GiB of memory`: the thread is asked, whoever says it. */
function accessOf(text: string): Command | undefined {
  const [, what = ""] =
    /^(?:allow|grant|request)\s+(?:access\s+to\s+)?(.+?)\s*[.!]?$/i.exec(text) ?? [];
  if (/^\S+:\d+$/.test(what)) return { type: "access", kind: "host", value: what };
  const [, amount, unit = ""] =
    /^(\d+)\s*(mi?b|gi?b)(?:\s+(?:of\s+)?(?:memory|ram))$/i.exec(what) ?? [];
  if (amount === undefined) return undefined;
  const bytes = Number(amount) * 1024 ** (/^g/i.test(unit) ? 3 : 2);
  return { type: "access", kind: "memory", value: bytes };
}

function fileOf(text: string): Command | undefined {
  if (
    /^(?:ls|files|list(?: (?:the|all|my|your))*(?: files)?|(?:show|which|what)(?: me)?(?: the| all)* files(?: (?:do|are|have|can)\b.*)?)\s*[?.!]*$/i.test(
      text,
    )
  )
    return { type: "list" };
  const folder =
    /^(?:ls|files|list(?: files)?)\s+(?:(?:in|of|from)\s+)?["'`]?([\w./~-]*\/[\w./-]*|sources|attachments)["'`]?\s*$/i.exec(
      text,
    )?.[1];
  if (folder !== undefined) return { type: "list", path: folder };

  const [, verb = "", path, rest = ""] =
    /^(read|cat|open|show|print|view|attach|upload)\s+(?:me\s+)?(?:the\s+)?(?:file\s+)?(?:"([^"]+)"|'[^']+'|`[^`]+`|\S+)([\s\S]*)$/i.exec(
      text
        .replace(/[`']/g, '"')
        .replace(/^(\w+\s+(?:me\s+)?(?:the\s+)?(?:file\s+)?)([^\s"]+)/i, '$1"$2"'),
    ) ?? [];
  if (path === undefined) return undefined;
  const isSure =
    /^(?:read|cat|attach|upload)$/i.test(verb) &&
    /^\s*(?:$|[?.!]|,?\s*(?:from\s+)?lines?\b)/i.test(rest);
  if (!isSure && !/[/.]\w/.test(path)) return undefined;
  if (/^(?:attach|upload)$/i.test(verb)) return { type: "attach", path };
  const [, from, to] = /\blines?\s+(\d+)(?:\s*(?:-|–|to|until)\s*(\d+))?/i.exec(rest) ?? [];
  const first = /^(.+):(\d+)$/.exec(path);
  const offset = from ?? first?.[2];
  return {
    type: "read",
    path: first?.[1] ?? path,
    ...(offset === undefined ? {} : { offset: Math.max(1, Number(offset)) }),
    ...(to === undefined || from === undefined
      ? {}
      : { limit: Math.min(1000, Math.max(1, Number(to) - Number(from) + 1)) }),
  };
}

/** `name`, `name {…}` or `task name {…}` for tasks other than the two that are understood in words. */
function taskOf(text: string, tasks: readonly string[]): Command | undefined {
  const [, name = "", json] = /^(?:task\s+)?([\w-]+)\s*(\{[\s\S]*\})?\s*$/i.exec(text) ?? [];
  const task = tasks.find((known) => known.toLowerCase() === name.toLowerCase());
  if (task === undefined) return undefined;
  if (json === undefined) {
    return task === "logs" || task === "diff" ? undefined : { type: "task", name: task, input: {} };
  }
  try {
    return { type: "task", name: task, input: JSON.parse(json) };
  } catch {
    // Not JSON: the tool says what is wrong with it.
    return { type: "task", name: task, input: json };
  }
}

function builtinOf(text: string): Command | undefined {
  const [, word = "", rest = ""] =
    /^\/?(logs?|lgos|losg|diffs?|dif|dfif|compare|comapre|compair)\b:?\s*([\s\S]*)$/i.exec(text) ??
    [];
  if (word === "") return undefined;
  return { type: /^l/i.test(word) ? "logs" : "diff", rest };
}
