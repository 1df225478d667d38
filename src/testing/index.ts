export { sandboxSuite, type SandboxesUnderTest } from "./sandbox-suite.ts";
