import type { ModelResponse } from "../../core/journal.ts";
import type { ToolCall, ToolResult } from "../../core/tool-result.ts";
import type { Item } from "../model.ts";
import { resultText } from "./result-text.ts";

/** An answer of the model, and all that was said to it before its next one. */
export interface Exchange {
  /** Only the first may have none. */
  readonly answer: ModelResponse | undefined;
  /** It is shorter than it was. */
  readonly isCut: boolean;
  /** One for each call of the answer, in their order; without a result when there is none. */
  readonly results: readonly { readonly call: ToolCall; readonly result: ToolResult | undefined }[];
  /** What people and the harness said, each marked with who it was. */
  readonly texts: readonly string[];
}

/**
 * A conversation in the order that vendors insist on: roles alternate, a person begins, results come right after their calls,
 * and other words after them. Answers without a word or a call are passed over.
 */
export function exchangesOf(items: readonly Item[]): readonly Exchange[] {
  const exchanges: Exchange[] = [];
  let answer: ModelResponse | undefined;
  let isCut = false;
  let results = new Map<string, ToolResult>();
  let texts: string[] = [];

  const close = (): void => {
    const calls = answer?.toolCalls ?? [];
    const isEmpty = calls.length === 0 && texts.length === 0;
    exchanges.push({
      answer,
      isCut,
      results: calls.map((call) => ({ call, result: results.get(call.callId) })),
      texts: isEmpty ? [noteText(answer === undefined ? unseen : "Go on.")] : texts,
    });
    [results, texts] = [new Map(), []];
  };

  for (const item of items) {
    switch (item.type) {
      case "assistant":
        if (item.response.text.trim() === "" && item.response.toolCalls.length === 0) break;
        close();
        answer = item.response;
        isCut = item.isCut ?? false;
        break;
      case "tool-result": {
        const { call, result } = item;
        if (answer?.toolCalls.some(({ callId }) => callId === call.callId))
          results.set(call.callId, result);
        else texts.push(noteText(`A tool gave:\n${resultText(call, result)}`));
        break;
      }
      case "note":
        texts.push(noteText(item.text));
        break;
      case "user":
        texts.push(userText(item));
        break;
    }
  }
  close();
  return exchanges;
}

const unseen = "What came before this is not shown.";

const noteText = (text: string): string => `[Opsthread, not a person:] ${text}`;

function userText({ actor, text, files }: Extract<Item, { type: "user" }>): string {
  return [
    // A name is what a person chose, so it may not look like more than a name.
    `${actor.replaceAll(/\s+/g, " ").trim()} writes:`,
    ...(text.trim() === "" ? [] : [quoted(text)]),
    ...(files.length > 0 ? ["Files that came with it:", ...files.map((file) => `- ${file}`)] : []),
  ].join("\n");
}

/** Lines that look like those which say who speaks are marked as quoted: nobody speaks for the harness, or for others. */
const quoted = (text: string): string =>
  text.replaceAll(
    /^(?=\s*(?:\[Opsthread, not a person:\]|<\/?data-|.{1,80} writes:\s*$))/gim,
    "> ",
  );
