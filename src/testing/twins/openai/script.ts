import type { PatchOperation } from "./calls.ts";
import type { Item } from "./items.ts";
import type { CreateRequest } from "./request.ts";

/** One item of a scripted answer. */
export type ScriptedItem =
  | {
      readonly type: "message";
      readonly text: string;
      readonly phase: "commentary" | "final_answer" | undefined;
    }
  | { readonly type: "refusal"; readonly text: string }
  | { readonly type: "reasoning"; readonly summaries: readonly string[]; readonly tokens: number }
  | {
      readonly type: "function_call" | "custom_tool_call";
      readonly name: string;
      readonly input: string;
      readonly callId: string | undefined;
      /** The request may not have such a tool: the model made it up. */
      readonly isMadeUp: boolean;
    }
  | {
      readonly type: "shell_call";
      readonly commands: readonly string[];
      readonly timeoutMs: number | null;
      readonly maxOutputLength: number | null;
      readonly callId: string | undefined;
    }
  | {
      readonly type: "apply_patch_call";
      readonly operation: PatchOperation;
      readonly callId: string | undefined;
    };

/** How a response ends. `error`: a stream gives an `error` event after so many events, and nothing more. */
export type Ending =
  | { readonly type: "completed" }
  | { readonly type: "incomplete"; readonly reason: "max_output_tokens" | "content_filter" }
  | { readonly type: "failed"; readonly code: string; readonly message: string }
  | {
      readonly type: "error";
      readonly afterEvents: number;
      readonly code: string;
      readonly message: string;
    };

/** A response, and what happens to its connection. */
export interface Answer {
  readonly type: "answer";
  readonly items: readonly ScriptedItem[];
  readonly ending: Ending;
  /** The response is stored, the connection is cut before a byte of it is sent. */
  readonly isLost: boolean;
  /** The first connection is cut after so many events, the second after so many, counted from the response's first. */
  readonly cuts: readonly number[];
  /** The response pauses after so many events, each time until it is released. */
  readonly stalls: readonly number[];
}

/** No response comes to be. */
export type Fault =
  | {
      readonly type: "fail";
      readonly status: number;
      readonly error: {
        readonly message: string;
        readonly type: string;
        readonly code: string | null;
        readonly param: string | null;
      };
      readonly headers: Readonly<Record<string, string>>;
    }
  | { readonly type: "drop" };

export type Step = Answer | Fault;

/** What a script that is a function is asked with. */
export interface ScriptedRequest {
  /** Of requests that asked for a response and were valid, from 0. */
  readonly index: number;
  readonly body: CreateRequest;
  /** All that the model sees, the history of `previous_response_id` included. */
  readonly items: readonly Item[];
}

/** Steps in their order, or a function of the request. */
export type OpenaiScript = readonly Step[] | ((request: ScriptedRequest) => Step);
