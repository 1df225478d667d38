import { test } from "vitest";

import { anthropicModel } from "../../../../src/agent/models/anthropic/anthropic.ts";
import { modelSuite } from "../../../../src/testing/model-suite.ts";
import { anthropicTwin } from "../../../../src/testing/twins/anthropic-twin.ts";
import { type AnthropicPart, refuse } from "../../../../src/testing/twins/anthropic/answers.ts";
import { fail } from "../../../../src/testing/twins/scripting/step.ts";
import { suiteScript } from "../suite-script.ts";
import { isCreate, name } from "./support.ts";

const failures = {
  "rate-limit": fail(429),
  overloaded: fail(529),
  auth: fail(401),
  context: fail(400, { message: "prompt is too long: 250000 tokens > 200000 maximum" }),
};

modelSuite({
  test,
  open: async () => {
    const { script, will } = suiteScript<AnthropicPart>({ refuse, failures, events: 5 });
    const twin = await anthropicTwin({ script });
    return {
      model: anthropicModel({ model: name, apiKey: "secret", baseUrl: twin.url }),
      will,
      requests: () => twin.requests.filter(isCreate).length,
      [Symbol.asyncDispose]: () => twin[Symbol.asyncDispose](),
    };
  },
});
