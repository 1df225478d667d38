export { openaiModel } from "./openai.ts";
export type { OpenaiModelOptions } from "./options.ts";
