export { slackAdapter } from "./adapter.ts";
export type { SlackAdapterOptions } from "./adapter.ts";
export { slackManifest } from "./manifest.ts";
