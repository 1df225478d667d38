/**
 * Conformance suites: a driver of a port is one when it passes the port's suite. Each takes the test runner's `test`.
 * And the doubles that Opsthread's own tests use.
 */
export { scriptedModel } from "../agent/models/scripted.ts";
export type {
  RecordedRequest,
  Script,
  ScriptedAnswer,
  ScriptedCall,
  ScriptedModel,
} from "../agent/models/scripted.ts";
export { adapterSuite } from "./adapter-suite.ts";
export type { AdapterFault, AdapterUnderTest, SaidByPerson, SeenPost } from "./adapter-suite.ts";
export { blobsSuite, type BlobsUnderTest } from "./blobs-suite.ts";
export {
  discordTwin,
  type DiscordTwin,
  type DiscordTwinOptions,
} from "./discord-twin/discord-twin.ts";
export type { DiscordCall, DiscordCallFault, DiscordFaults } from "./discord-twin/faults.ts";
export type {
  DiscordPerson,
  DiscordPlace,
  SaidOnDiscord,
  SeenDiscordMessage,
} from "./discord-twin/person.ts";
export { manualClock } from "./manual-clock.ts";
export { modelSuite, type ModelUnderTest, type ProviderStep } from "./model-suite.ts";
export { queueSuite } from "./queue-suite.ts";
export type { S3Fault } from "./s3-twin/faults.ts";
export type { S3Operation } from "./s3-twin/request.ts";
export { type S3Seen, s3Twin, type S3Twin, type S3TwinOptions } from "./s3-twin/s3-twin.ts";
export { sandboxSuite, type SandboxesUnderTest } from "./sandbox-suite.ts";
export { slackTwin, type SlackTwin } from "./slack-twin/slack-twin.ts";
export type { SlackCallFault, SlackFaults } from "./slack-twin/faults.ts";
export type { SeenMessage, SlackPerson, SlackPlace } from "./slack-twin/person.ts";
export type { Asked, SlackAsking, Submitted } from "./slack-twin/asking.ts";
export type { SlackTeam } from "./slack-twin/teams.ts";
export { checkStore } from "./store-check.ts";
export { loadStore } from "./store-load.ts";
export { parseRecords } from "./store-record.ts";
export { storeSuite } from "./store-suite.ts";
export { defineSuite, type SuiteOptions } from "./suite.ts";
export { transcriptPage } from "./transcript.ts";
export type {
  Transcript,
  TranscriptButton,
  TranscriptFile,
  TranscriptMessage,
  TranscriptThread,
} from "./transcript.ts";
export { anthropicTwin } from "./twins/anthropic-twin.ts";
export { chatTwin } from "./twins/chat-twin.ts";
export { openaiTwin } from "./twins/openai-twin.ts";
/** What twins do, step by step: those of the OpenAI twin, and those that the other two share. */
export * as openaiSteps from "./twins/openai/steps.ts";
export * as openaiFaults from "./twins/openai/faults.ts";
export * as twinSteps from "./twins/scripting/step.ts";
export * as anthropicAnswers from "./twins/anthropic/answers.ts";
export * as chatAnswers from "./twins/chat/answers.ts";
