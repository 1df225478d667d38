import type { LoggedRequest } from "./requests.ts";
import { fail, type Part, type Step } from "./step.ts";

/** Steps in their order, or a function of the request and of the number of the call, from 0. */
export type Script<P = Part> =
  | readonly Step<P>[]
  | ((request: LoggedRequest, call: number) => Step<P>);

/** Only a request that the vendor would accept takes a step. */
export function scriptRunner<P>(script: Script<P>): (request: LoggedRequest) => Step<P> {
  let calls = 0;
  return (request) => {
    const index = calls;
    calls += 1;
    if (typeof script === "function") return script(request, index);
    return (
      script[index] ??
      fail(500, {
        error: "api_error",
        message: `Cannot answer request ${index + 1}: the script has ${script.length} steps`,
      })
    );
  };
}
