export { bubblewrapSandboxes, type BubblewrapSandboxesOptions } from "./bubblewrap.ts";
export { BubblewrapConfig } from "./options.ts";
export { probeBubblewrap, type BubblewrapProbe } from "./probe.ts";
