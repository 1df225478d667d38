#!/usr/bin/env node
// Builds dist/sandbox/supervisor/bin/supervisor-linux-<arch>. Binaries are kept by the hash of what they are made from, so
// an emptied dist/ costs a copy.
//   --all      both architectures, for publishing; fails when one can't be built
//   --require  fails when there is no compiler
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, "src/sandbox/supervisor");
const output = join(root, "dist/sandbox/supervisor/bin");
const cache = join(root, "node_modules/.cache/opsthread-supervisor");
const all = process.argv.includes("--all");
const required = all || process.argv.includes("--require");

const flags = [
  "-std=gnu11",
  "-static",
  "-O2",
  "-Wall",
  "-Wextra",
  "-Werror",
  "-fstack-protector-strong",
  "-fno-strict-aliasing",
  "-D_FORTIFY_SOURCE=2",
  "-Wl,-z,relro,-z,now,-z,noexecstack",
  "-s",
];

const targets = [
  {
    arch: "x64",
    compilers: process.arch === "x64" ? ["cc", "gcc", "clang"] : ["x86_64-linux-gnu-gcc"],
  },
  {
    arch: "arm64",
    compilers: process.arch === "arm64" ? ["cc", "gcc", "clang"] : ["aarch64-linux-gnu-gcc"],
  },
];

const files = readdirSync(source)
  .filter((name) => /\.[ch]$/.test(name))
  .toSorted();
const own = targets.find(({ arch }) => arch === process.arch);
for (const target of targets) if (all || process.platform === "linux") build(target);

function build({ arch, compilers }) {
  const compiler = compilers.find((name) => spawnSync(name, ["--version"]).status === 0);
  if (!compiler) {
    if (!required && arch !== own?.arch) return;
    const install =
      arch === own?.arch ? "gcc libc6-dev" : "gcc-aarch64-linux-gnu libc6-dev-arm64-cross";
    const message = `No C compiler for supervisor-linux-${arch}: sandboxes other than virtual can't be used; apt-get install ${install}`;
    process.stderr.write(`${message}\n`);
    if (all || (required && arch === own?.arch)) process.exitCode = 1;
    return;
  }
  const binary = join(cache, `${arch}-${hash(compiler)}`);
  if (!existsSync(binary)) {
    mkdirSync(cache, { recursive: true });
    const unfinished = `${binary}.${process.pid}`;
    const sources = files.filter((name) => name.endsWith(".c")).map((name) => join(source, name));
    execFileSync(compiler, [...flags, "-o", unfinished, ...sources], { stdio: "inherit" });
    renameSync(unfinished, binary);
  }
  mkdirSync(output, { recursive: true });
  const to = join(output, `supervisor-linux-${arch}`);
  // Replaced, not overwritten: it may be running.
  copyFileSync(binary, `${to}.${process.pid}`);
  chmodSync(`${to}.${process.pid}`, 0o755);
  renameSync(`${to}.${process.pid}`, to);
}

function hash(compiler) {
  const sum = createHash("sha256").update(JSON.stringify([compiler, flags]));
  for (const name of files) sum.update(`${name}\0`).update(readFileSync(join(source, name)));
  return sum.digest("hex").slice(0, 32);
}
