/** One thing to do about a message. */
export type Action = Say | Call;

export interface Say {
  readonly type: "say";
  readonly markdown: string;
}

export interface Call {
  readonly type: "call";
  readonly tool: string;
  /** JSON, as the tool gets it. */
  readonly args: string;
  /** Which task, where it is one. */
  readonly task?: string;
  /** Said above the result. */
  readonly lead?: string;
  /** The number of lines is what was asked for. */
  readonly counts?: boolean;
  /** Of a diff, show just what changed in this. */
  readonly topic?: string;
}

export function say(markdown: string): Say {
  return { type: "say", markdown };
}

export function call(tool: string, args: Readonly<Record<string, unknown>>): Call {
  const task = typeof args.task === "string" ? { task: args.task } : {};
  return { type: "call", tool, args: JSON.stringify(args), ...task };
}
