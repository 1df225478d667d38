import type { ModelFailure } from "./model-error.ts";

/** What a status says of itself, where the answer's body says no more. */
export const failureByStatus: ReadonlyMap<number, ModelFailure> = new Map([
  [401, "auth"],
  [402, "auth"],
  [403, "auth"],
  [404, "not-found"],
  [408, "timeout"],
  [413, "context"],
  [429, "rate-limit"],
  // Also while a local server loads its model.
  [503, "overloaded"],
  [504, "timeout"],
  [529, "overloaded"],
]);
