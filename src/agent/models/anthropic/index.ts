export { anthropicModel, type AnthropicOptions } from "./anthropic.ts";
