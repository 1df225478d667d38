export { run } from "./sandbox/peer-probes.ts";
