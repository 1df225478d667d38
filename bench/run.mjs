/**
 * Runs one benchmark: `npm run bench -- <name> [--json] [flags of the benchmark]`. Builds the package and the benchmarks,
 * installs the peers of `bench/package.json` when they are missing, and exits 1 when a target is missed.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";

const folder = import.meta.dirname;
const root = join(folder, "..");
const shared = new Set([
  "harness.ts",
  "logs-child.ts",
  "logs-generate.ts",
  "loop-ours.ts",
  "loop-peer.ts",
  "loop-worker.ts",
]);
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".ts") && !shared.has(file))
  .map((file) => file.slice(0, -".ts".length));

await main(parse(process.argv.slice(2)));

async function main({ name, flags }) {
  if (flags.help !== undefined || name === undefined) {
    console.log(`npm run bench -- <name> [--json]\n\nBenchmarks: ${names.join(", ")}`);
  } else if (names.includes(name)) {
    await measure(name, flags);
  } else {
    console.error(`Cannot run "${name}": no such benchmark, expected one of ${names.join(", ")}`);
    process.exitCode = 2;
  }
}

async function measure(name, flags) {
  installPeers();
  step("npm", ["run", "build", "--silent"], root);
  step("npx", ["tsc", "-p", "bench"], root);
  const { run } = await import(`./${name}.js`);
  const { isMet } = await import("./harness.js");
  const figures = (await run(flags)).map((figure) => ({ ...figure, met: isMet(figure) }));
  const machine = machineOf();
  if (flags.json !== undefined) console.log(JSON.stringify({ name, machine, figures }));
  else printTable(machine, figures);
  if (figures.some(({ met }) => met === false)) process.exitCode = 1;
}

function parse(args) {
  const flags = {};
  let name;
  for (let index = 0; index < args.length; index += 1) {
    const flag = /^--([\w-]+)(?:=(.*))?$/.exec(args[index]);
    if (flag === null) name ??= args[index];
    else if (flag[2] !== undefined) flags[flag[1]] = flag[2];
    else if (flag[1] !== "json" && args[index + 1]?.startsWith("--") === false)
      flags[flag[1]] = args[(index += 1)];
    else flags[flag[1]] = "";
  }
  return { name, flags };
}

function installPeers() {
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const missing = Object.keys(dependencies).filter(
    (peer) => !existsSync(join(folder, "node_modules", peer)),
  );
  if (missing.length === 0) return;
  console.error(`Installing what the benchmarks compare with: ${missing.join(", ")}`);
  step("npm", ["ci", "--silent", "--ignore-scripts"], folder);
}

function step(command, args, cwd) {
  try {
    // What the step prints must not end up in the JSON of this program.
    execFileSync(command, args, { cwd, stdio: ["ignore", 2, 2] });
  } catch (error) {
    console.error(`Cannot run the benchmark: "${command} ${args.join(" ")}" failed in ${cwd}`);
    process.exit(error.status ?? 2);
  }
}

function machineOf() {
  const [cpu] = cpus();
  return {
    cpu: cpu?.model ?? "unknown",
    cores: cpus().length,
    memoryGB: Math.round(totalmem() / 1e9),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
}

function printTable(machine, figures) {
  console.log(Object.values(machine).join(", "));
  const rows = figures.map((figure) => [
    figure.name,
    valueOf(figure.ours, figure.unit),
    figure.peer === undefined ? "" : `${valueOf(figure.peer, figure.unit)} (${figure.peerName})`,
    figure.target === undefined
      ? ""
      : `${figure.better === "higher" ? "≥" : "≤"} ${round(figure.target)}`,
    figure.met === undefined ? "" : figure.met ? "met" : "MISSED",
  ]);
  const table = [["", "ours", "peer", "target", ""], ...rows];
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  for (const row of table) {
    console.log(
      row
        .map((text, column) => text.padEnd(widths[column]))
        .join("  ")
        .trimEnd(),
    );
  }
}

function valueOf(value, unit) {
  return typeof value === "string" ? value : `${round(value)} ${unit}`;
}

function round(value) {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}
