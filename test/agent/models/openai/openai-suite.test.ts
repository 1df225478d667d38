import { describe, test } from "vitest";

import type { OpenaiModelOptions } from "../../../../src/agent/models/openai/options.ts";
import { modelSuite, type ModelUnderTest } from "../../../../src/testing/model-suite.ts";
import type { Step } from "../../../../src/testing/twins/openai/script.ts";
import { say } from "../../../../src/testing/twins/openai/steps.ts";
import { isCreate, open, stepOf } from "./twin-model.ts";

const kinds: Readonly<Record<string, Partial<OpenaiModelOptions>>> = {
  "with the state on the server": {},
  "without state": { state: "none" },
  "in the background": { background: true },
};

describe.each(Object.entries(kinds))("openaiModel %s", (_, options) => {
  modelSuite({ test, open: () => openSubject(options) });
});

async function openSubject(options: Partial<OpenaiModelOptions>): Promise<ModelUnderTest> {
  const steps: Step[] = [];
  const opened = await open(() => steps.shift() ?? say("Nothing was scripted."), options);
  return {
    model: opened.model,
    will: (...more) => void steps.push(...more.map(stepOf)),
    requests: () => opened.twin.requests.filter(isCreate).length,
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}
