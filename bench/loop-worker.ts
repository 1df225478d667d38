/** Measures one of the two in a thread of its own: neither pays for the other's garbage, nor runs code that it has made slow. */
import { parentPort, workerData } from "node:worker_threads";

import { perStep } from "./harness.ts";
import { runOurs } from "./loop-ours.ts";

const run: (size: number) => Promise<void> =
  workerData === "ours"
    ? (size) => runOurs(size, () => Promise.resolve())
    : (await import("./loop-peer.ts")).runPeer;

parentPort?.on(
  "message",
  (size: number) =>
    void perStep(size, () => run(size)).then((figure) => parentPort?.postMessage(figure)),
);
