import type { Model } from "../../agent/model.ts";

/** What a model has besides answering, in a line. */
export function abilitiesOf(model: Model): string {
  const { contextTokens, outputTokens, native = [] } = model.capabilities;
  const { serverState, resumes, compactsAtTokens } = model.capabilities;
  const answers = outputTokens === undefined ? "" : `, answers of up to ${outputTokens}`;
  return [
    `window of ${contextTokens} tokens${answers}`,
    serverState && "keeps the conversation",
    compactsAtTokens !== undefined && `compacts it from ${compactsAtTokens} tokens on`,
    native.length > 0 && `own ${native.join(" and ")}`,
    resumes && "answers outlive this process",
    model.countTokens && "counts tokens",
  ]
    .filter((ability) => typeof ability === "string")
    .join("; ");
}
