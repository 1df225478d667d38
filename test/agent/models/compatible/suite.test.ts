import { describe, test } from "vitest";

import { compatibleModel } from "../../../../src/agent/models/compatible/compatible.ts";
import type { ModelFailure } from "../../../../src/agent/models/model-error.ts";
import { modelSuite, type ProviderStep } from "../../../../src/testing/model-suite.ts";
import { chatTwin } from "../../../../src/testing/twins/chat-twin.ts";
import { type ChatPart, refuse } from "../../../../src/testing/twins/chat/answers.ts";
import {
  call,
  cut,
  drop,
  fail,
  type Failure,
  say,
  stall,
  type Step,
  together,
} from "../../../../src/testing/twins/scripting/step.ts";

describe.each(["openai", "ollama", "vllm", "llamacpp"] as const)("%s", (dialect) => {
  modelSuite({
    test,
    open: async () => {
      const steps: ProviderStep[] = [];
      const twin = await chatTwin({
        dialect,
        script: () => {
          const step = steps.shift();
          return step === undefined ? fail(500) : asked(step);
        },
      });
      return {
        model: compatibleModel({ model: "local-model", apiKey: "secret", baseUrl: twin.url }),
        will: (...more) => void steps.push(...more),
        requests: () => twin.requests.length,
        [Symbol.asyncDispose]: () => twin[Symbol.asyncDispose](),
      };
    },
  });
});

const long = say("A long answer, which does not arrive as a whole.");

function asked(step: ProviderStep): Step<ChatPart> {
  switch (step.type) {
    case "text":
      return say(step.text);
    case "calls":
      return together(
        ...(step.text === undefined ? [] : [say(step.text)]),
        ...step.calls.map(({ tool, args }) => call(tool, args)),
      );
    case "drops":
      return drop();
    case "cuts":
      return cut(long, 3);
    case "stalls":
      return stall(long, 3);
    case "refuses":
      return refuse();
    case "fails":
      return {
        ...(failures[step.failure] ?? fail(500)),
        ...(step.retryAfterMs !== undefined && { retryAfterS: step.retryAfterMs / 1_000 }),
      };
  }
}

const failures: Partial<Record<ModelFailure, Failure>> = {
  "rate-limit": fail(429),
  overloaded: fail(503),
  auth: fail(401),
  context: fail(400, {
    message: "This model's maximum context length is 8192 tokens. Please reduce the length.",
  }),
};
