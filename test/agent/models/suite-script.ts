import type { ModelFailure } from "../../../src/agent/models/model-error.ts";
import type { ModelUnderTest, ProviderStep } from "../../../src/testing/model-suite.ts";
import {
  call,
  cut,
  drop,
  fail,
  type Failure,
  type Part,
  say,
  stall,
  type Step,
  together,
} from "../../../src/testing/twins/scripting/step.ts";

/** What the suite says, in the words of the twins that are scripted alike. */
export function suiteScript<P>(vendor: {
  readonly refuse: () => Step<P>;
  /** Those that are not a plain 500. */
  readonly failures: Partial<Record<ModelFailure, Failure>>;
  /** Events of a stream that come before it is cut, or stalls. */
  readonly events: number;
}): Pick<ModelUnderTest, "will"> & { readonly script: () => Step<P | Part> } {
  const steps: ProviderStep[] = [];
  return {
    will: (...more) => void steps.push(...more),
    script() {
      const step = steps.shift();
      switch (step?.type) {
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
          return cut(long, vendor.events);
        case "stalls":
          return stall(long, vendor.events);
        case "refuses":
          return vendor.refuse();
        case "fails": {
          const { failure, retryAfterMs } = step;
          const wait = retryAfterMs !== undefined && { retryAfterS: retryAfterMs / 1_000 };
          return { ...(vendor.failures[failure] ?? fail(500)), ...wait };
        }
        case undefined:
          return fail(500);
      }
    },
  };
}

const long = say("A long answer, which does not arrive as a whole.");
