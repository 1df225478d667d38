/** Runs the `logs` task once on the file that it is given, and prints what that took. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";

import { LogsData, logs } from "../dist/tasks/logs/index.js";

const [path = ""] = process.argv.slice(2);
const start = performance.now();
const result = await logs.run(logs.input.parse({ files: [path] }), {
  signal: new AbortController().signal,
  files: {
    open: (each) => createReadStream(each, { highWaterMark: 256 * 1024 }),
    size: async (each) => (await stat(each)).size,
    glob: () => Promise.resolve([]),
  },
  progress: () => {},
  artifact: (name) => Promise.resolve(name),
});
const seconds = (performance.now() - start) / 1000;
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
const { lines, headline } = LogsData.parse(result.data);
console.log(
  JSON.stringify({
    seconds,
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    peakMB: maxRSS / 1024,
    lines: lines.total,
    headline,
  }),
);
