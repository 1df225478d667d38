export { slackAdapter } from "./adapter.ts";
export type { SlackAdapter } from "./adapter.ts";
export type { SlackAdapterOptions } from "./options.ts";
export { slackManifest } from "./manifest.ts";
export { fileInstallations } from "./installations/file-installations.ts";
export type { FileInstallationsOptions } from "./installations/file-installations.ts";
export type { Installation, InstallationStore } from "./installations/installation.ts";
export type { SlackOAuthOptions } from "./oauth/options.ts";
export type { ListenOptions } from "./http/server.ts";
