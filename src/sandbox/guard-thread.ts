import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";

import { guardState, outOfMemoryMark, type GuardData } from "./guard.ts";

const { state, parentPid }: GuardData = workerData;
const intervalMs = 20;

for (;;) {
  Atomics.wait(state, guardState.watching, 0); // Idle: no timer, no wake-up.
  const kib = Math.round(process.memoryUsage.rss() / 1024);
  if (kib > Atomics.load(state, guardState.peak)) Atomics.store(state, guardState.peak, kib);
  if (kib > Atomics.load(state, guardState.limit)) {
    writeSync(2, outOfMemoryMark);
    process.kill(process.pid, "SIGKILL");
  }
  // A main thread that never pauses does not notice that nobody waits for it any more.
  if (process.ppid !== parentPid) process.kill(process.pid, "SIGKILL");
  Atomics.wait(state, guardState.watching, 1, intervalMs);
}
