/** Where servers that speak chat completions differ. A test may set each. */
export interface Quirks {
  /** In a stream, a call comes piece by piece or in one chunk. */
  readonly calls: "pieces" | "whole";
  /** Whether calls have ids. Without, the client makes some up. */
  readonly callIds: boolean;
  /** Whether every call of an answer says that it is the first. */
  readonly allAtIndexZero: boolean;
  /** Arguments are JSON as text, or the object itself. */
  readonly args: "text" | "object";
  /** `content` when there are only calls. */
  readonly emptyContent: "" | null;
  /** Whether every chunk has the role, and content. */
  readonly repeatsRole: boolean;
  /** Why an answer with calls ends. */
  readonly callsFinish: "tool_calls" | "stop";
  /** Where thoughts are; undefined: they are not shown. */
  readonly reasoning: "reasoning" | "reasoning_content" | undefined;
  /** Whether the name of the model matters. */
  readonly checksModel: boolean;
  /** What happens to a prompt that is too long. */
  readonly overflow: "error" | "truncate";
  /** Whether the arguments of earlier calls are read, so that broken JSON among them is refused. */
  readonly readsHistory: boolean;
  /** Whether an unknown field is refused. */
  readonly strictFields: boolean;
  /** Whether somebody without a key is refused although no key is set. */
  readonly needsKey: boolean;
}

/** An error in a dialect's words, without its shape. */
export interface Said {
  readonly status: number;
  readonly message: string;
  readonly type?: string | undefined;
  readonly param?: string | null;
  readonly code?: string | null;
  /** More fields of the error. */
  readonly more?: Readonly<Record<string, unknown>>;
}

export interface Room {
  readonly input: number;
  readonly output: number;
  readonly context: number;
}

/** One kind of server. */
export interface Dialect {
  readonly quirks: Quirks;
  callId(): string;
  /** The body of an error. */
  error(said: Said): unknown;
  unauthorized(): unknown;
  unknownModel(id: string): Said;
  noTools(model: string): Said;
  tooLong(room: Room): Said;
  brokenArguments(): Said;
  /** What it says with a status when the script does not. */
  readonly messages: Readonly<Record<number, string>>;
  /** More fields of a completion or a chunk. */
  readonly stamp: Readonly<Record<string, unknown>>;
  /** More fields of a message. */
  readonly message: Readonly<Record<string, unknown>>;
  /** More fields of a model in the list. */
  model(contextTokens: number): Readonly<Record<string, unknown>>;
}

/** The twin refuses a request. */
export class ChatRefusal extends Error {
  override readonly name = "ChatRefusal";
  readonly said: Said;

  constructor(said: Said) {
    super(said.message);
    this.said = said;
  }
}
