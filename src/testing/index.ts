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
export { blobsSuite } from "./blobs-suite.ts";
export { manualClock } from "./manual-clock.ts";
export { queueSuite } from "./queue-suite.ts";
export { sandboxSuite, type SandboxesUnderTest } from "./sandbox-suite.ts";
export { checkStore } from "./store-check.ts";
export { loadStore } from "./store-load.ts";
export { parseRecords } from "./store-record.ts";
export { storeSuite } from "./store-suite.ts";
export { defineSuite, type SuiteOptions } from "./suite.ts";
