#!/usr/bin/env node
// Copies Lua scripts beside the modules that read them.
import { copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const scripts = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
for (const script of scripts.filter((name) => name.endsWith(".lua"))) {
  const to = join(root, "dist", script);
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(join(root, "src", script), to);
}
