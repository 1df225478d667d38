#!/usr/bin/env node
// Fuzzes what the supervisor reads from its host, with clang's libFuzzer and sanitizers: node scripts/fuzz-supervisor.mjs [seconds]
// Needs clang and its runtime: apt-get install clang libclang-rt-dev
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, "src/sandbox/supervisor");
const folder = join(root, "node_modules/.cache/opsthread-fuzz");
const seconds = Number(process.argv[2] ?? 60);

mkdirSync(join(folder, "corpus"), { recursive: true });
const program = join(folder, "frames");
execFileSync(
  "clang",
  [
    "-g",
    "-O1",
    "-fsanitize=fuzzer,address,undefined",
    "-fno-sanitize-recover=all",
    "-o",
    program,
    ...["fuzz/frames.c", "frames.c", "request.c"].map((name) => join(source, name)),
  ],
  { stdio: "inherit" },
);
execFileSync(
  program,
  [`-max_total_time=${seconds}`, "-max_len=8192", "-print_final_stats=1", join(folder, "corpus")],
  { stdio: "inherit", cwd: folder },
);
