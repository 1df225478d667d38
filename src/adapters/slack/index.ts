export { slackAdapter } from "./adapter.ts";
export type { SlackAdapter } from "./adapter.ts";
export type { SlackAdapterOptions } from "./options.ts";
export { slackManifest } from "./manifest.ts";
