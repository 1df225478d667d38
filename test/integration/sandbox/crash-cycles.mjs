// Kills a bot with SIGKILL again and again at random moments, lets the last of what it ran out its grace, starts a bot afresh,
// and tells what is left: `crash-cycles.mjs <cycles>`. Prints lines of JSON: progress, and at the end what was found.
import { execFileSync, fork } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { dockerSandboxes } from "../../../dist/sandbox/docker/index.js";
import { Limits, Permissions } from "../../../dist/sandbox/permissions.js";

const cycles = Number(process.argv[2] ?? 25);
const root = await mkdtemp(join(tmpdir(), "opsthread-crash-"));
const folder = join(root, "workspaces");
const stateFolder = join(root, "state");
const temporary = join(root, "tmp");
const mark = String(1_000_000 + randomInt(9_000_000));
const sessions = Array.from({ length: 8 }, (_, index) => `s_${index}`);
await mkdir(temporary);

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const { DOCKER_HOST: engine, OPSTHREAD_TEST_IMAGE: image } = process.env;
const config = {
  pool: { size: 1, maxSize: 2 },
  ...(engine && { host: engine }),
  ...(image && { image }),
};

await workOnce();
const instance = (await readFile(join(stateFolder, "instance"), "utf8")).trim();
const before = await look();
let rounds = 0;
let started = 0;
const failures = [];
try {
  for (let cycle = 1; cycle <= cycles; cycle += 1) {
    await crash();
    if (cycle % Math.max(1, Math.floor(cycles / 20)) === 0)
      say({ type: "progress", cycle, cycles, rounds, containers: containers().length });
  }
  const found = await afterwards();
  say({ type: "end", cycles, started, rounds, ...found, failures: failures.slice(0, 10) });
} finally {
  if (process.env.OPSTHREAD_KEEP === undefined) await cleanUp();
}

/** What a bot makes once, and keeps for later ones, is there after this. */
async function workOnce() {
  const { signal } = new AbortController();
  const provider = await dockerSandboxes({ folder, stateFolder, config });
  const sandbox = await provider.open(
    {
      sessionId: "s_first",
      permissions: Permissions.parse({}),
      limits: Limits.parse({}),
      sources: [],
    },
    { signal },
  );
  await sandbox.exec("true", { signal, executionId: "x_1" });
  await sandbox.close();
  await provider.remove("s_first");
  await provider[Symbol.asyncDispose]();
}

/** One bot, with three of the sessions, for up to some seconds. */
async function crash() {
  const some = sessions.toSorted(() => Math.random() - 0.5).slice(0, 3);
  const program = fileURLToPath(new URL("./crash-host.mjs", import.meta.url));
  const host = fork(program, [folder, stateFolder, some.join(","), mark], {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    env: { ...process.env, TMPDIR: temporary },
  });
  const exited = once(host, "exit");
  let errors = "";
  host.stderr.on("data", (text) => {
    errors = `${errors}${text}`.slice(0, 2_000);
  });
  host.on("message", (what) => {
    if (what === "round") rounds += 1;
    else started += 1;
  });
  // Some are killed while they start, most while they work.
  const ready = once(host, "message");
  if (Math.random() < 0.8) await Promise.race([ready, exited]);
  await Promise.race([delay(randomInt(3_000)), exited]);
  if (host.exitCode !== null) failures.push(errors.trim());
  host.kill("SIGKILL");
  await exited;
}

/** What is there when everything had its time, and a bot has started and ended since. */
async function afterwards() {
  for (
    let waited = 0;
    waited < 75_000 && processes().length + containers().length > 0;
    waited += 500
  )
    await delay(500);
  const bySelf = { processes: processes(), containers: containers("{{.State}} {{.Names}}") };
  // What is young may belong to a sandbox that is being opened, and is left alone for a minute.
  const past = new Date(Date.now() - 120_000);
  for (const name of await readdir(root, { recursive: true }))
    await utimes(join(root, name), past, past).catch(() => {}); // A link to nowhere.
  const provider = await dockerSandboxes({ folder, stateFolder, config });
  const swept = await look({ runs: true });
  const sweptContainers = containers("{{.State}} {{.Names}}");
  for (const session of sessions) await provider.remove(session);
  await provider[Symbol.asyncDispose]();
  const end = await look();
  return {
    /** Running things that no bot had to end. */
    leftAfterGrace: bySelf,
    /** After the sweep the sessions' own files may still be there, nothing else. */
    leftAfterSweep: {
      containers: sweptContainers,
      mounts: swept.mounts.length,
      devices: swept.devices.length,
      processes: swept.processes.length,
    },
    left: Object.fromEntries(
      Object.entries(end).map(([kind, items]) => [
        kind,
        items.filter((item) => !before[kind].includes(item)),
      ]),
    ),
  };
}

async function look({ runs = false } = {}) {
  return {
    containers: containers(),
    volumes: docker("volume", "ls", "-q"),
    networks: docker("network", "ls", "--format", "{{.Name}}"),
    // The folder that warm sandboxes share mounts by is one as long as a bot runs.
    mounts: lines(await readFile("/proc/self/mountinfo", "utf8")).filter(
      (line) => line.includes(root) && (!runs || !line.includes(join(stateFolder, "slots "))),
    ),
    devices: devices(),
    processes: processes(),
    files: (await readdir(root, { recursive: true })).filter((path) => !isKept(path)).toSorted(),
  };
}

/** What a bot makes once and later ones use as well. */
function isKept(path) {
  return /^state\/(?:node\/.*|snapshots|slots)$/.test(path);
}

function containers(format = "{{.ID}}") {
  const filter = `label=opsthread.instance=${instance}`;
  return docker("ps", "-a", "--filter", filter, "--format", format);
}

function devices() {
  return lines(execFileSync("losetup", ["-a"], { encoding: "utf8" })).filter((line) =>
    line.includes(root),
  );
}

/** Processes that have to do with this run: what was started in sandboxes, and whatever has its folder in its arguments. */
function processes() {
  return lines(execFileSync("ps", ["-eo", "pid,args"], { encoding: "utf8" })).filter(
    (line) =>
      (line.includes(mark) || line.includes(root)) &&
      !line.includes("crash-cycles") &&
      !line.includes("ps -eo"),
  );
}

function docker(...args) {
  return lines(execFileSync("docker", args, { encoding: "utf8" }));
}

function lines(text) {
  return text.split("\n").filter((line) => line !== "");
}

async function cleanUp() {
  for (const id of containers()) execFileSync("docker", ["rm", "-f", id], { stdio: "ignore" });
  for (const mount of (await look()).mounts)
    execFileSync("umount", ["-l", mount.split(" ")[4]], { stdio: "ignore" });
  if (existsSync(root)) await rm(root, { recursive: true, force: true });
}
