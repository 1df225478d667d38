import { expect, test } from "vitest";

import { abilitiesOf } from "../../../src/cli/doctor/abilities.ts";
import { type Compaction, modelOf } from "../../../src/open-model.ts";

const keys = { openai: "sk-1", anthropic: "sk-2" };
const told = async (name: string, compaction: Compaction = "own") =>
  abilitiesOf(await modelOf(name, { keys, compaction, tasks: [] }));

test("what a model has besides answering is told in a line", async () => {
  expect(await told("openai/gpt-5.6-luna", "provider")).toBe(
    "window of 400000 tokens; keeps the conversation; compacts it from 240000 tokens on; own shell and apply_patch; counts tokens",
  );
  expect(await told("anthropic/claude-sonnet-5-5")).toBe(
    "window of 1000000 tokens, answers of up to 16000; own shell and text_editor; counts tokens",
  );
  expect(await told("offline")).toBe("window of 1000000 tokens");
});

test("that answers outlive the process is told", () => {
  const capabilities = { contextTokens: 9, resumes: true };
  expect(abilitiesOf({ name: "test", capabilities, async *respond() {} })).toBe(
    "window of 9 tokens; answers outlive this process",
  );
});
