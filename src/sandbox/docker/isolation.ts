/** What a runtime isolates by; gVisor and the like have a kernel of their own between the sandbox and ours. */
export function isolationOf(runtime: string): "container" | "vm" {
  return /^(runsc|gvisor|kata|krun)/.test(runtime) ? "vm" : "container";
}
