import { test } from "vitest";

import { anthropicModel } from "../../../../src/agent/models/anthropic/anthropic.ts";
import type { ModelFailure } from "../../../../src/agent/models/model-error.ts";
import { modelSuite, type ProviderStep } from "../../../../src/testing/model-suite.ts";
import { anthropicTwin } from "../../../../src/testing/twins/anthropic-twin.ts";
import { type AnthropicPart, refuse } from "../../../../src/testing/twins/anthropic/answers.ts";
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
import { name } from "./support.ts";

modelSuite({
  test,
  open: async () => {
    const steps: ProviderStep[] = [];
    const twin = await anthropicTwin({
      script: () => {
        const step = steps.shift();
        return step === undefined ? fail(500) : asked(step);
      },
    });
    return {
      model: anthropicModel({ model: name, apiKey: "secret", baseUrl: twin.url }),
      will: (...more) => void steps.push(...more),
      requests: () => twin.requests.length,
      [Symbol.asyncDispose]: () => twin[Symbol.asyncDispose](),
    };
  },
});

const long = say("A long answer, which does not arrive as a whole.");

function asked(step: ProviderStep): Step<AnthropicPart> {
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
      return cut(long, 5);
    case "stalls":
      return stall(long, 5);
    case "refuses":
      return refuse();
    case "fails":
      return failing(step);
  }
}

const failures: Partial<Record<ModelFailure, Failure>> = {
  "rate-limit": fail(429),
  overloaded: fail(529),
  auth: fail(401),
  context: fail(400, { message: "prompt is too long: 250000 tokens > 200000 maximum" }),
};

const failing = ({
  failure,
  retryAfterMs,
}: Extract<ProviderStep, { type: "fails" }>): Step<AnthropicPart> => ({
  ...(failures[failure] ?? fail(500)),
  ...(retryAfterMs !== undefined && { retryAfterS: retryAfterMs / 1_000 }),
});
