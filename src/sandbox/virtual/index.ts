export { virtualSandboxes, type VirtualSandboxesOptions } from "./virtual.ts";
