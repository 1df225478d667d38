import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** A project on disk: files by their paths, and links with what they point to. */
export interface Layout {
  readonly files: Readonly<Record<string, unknown>>;
  readonly links?: Readonly<Record<string, string>>;
  /** The module to be staged; its default export is `value`. */
  readonly entry: string;
  readonly value: unknown;
  /** All that the bundle may hold. */
  readonly staged: readonly string[];
}

export async function makeLayout({ files, links = {} }: Layout, folder: string): Promise<void> {
  const place = async (path: string): Promise<string> => {
    const full = join(folder, path);
    await mkdir(dirname(full), { recursive: true });
    return full;
  };
  for (const [path, content] of Object.entries(files))
    await writeFile(
      await place(path),
      typeof content === "string" ? content : JSON.stringify(content),
    );
  for (const [path, target] of Object.entries(links)) await symlink(target, await place(path));
}

const app = { name: "app", type: "module", scripts: { deploy: "curl -H token:hunter2" } };

export const layouts: Readonly<Record<string, Layout>> = {
  "own files, with a cycle, JSON, a worker and lazy code": {
    entry: "src/task.js",
    files: {
      "package.json": app,
      ".env": "TOKEN=hunter2",
      "src/.env": "TOKEN=hunter2",
      "src/other.js": "export default 'not used'",
      "src/task.js": `
        import { b } from "./lib/b.js";
        import data from "../data/data.json" with { type: "json" };
        export const a = 1;
        const { lazy } = await import("./lazy.js");
        const { readFileSync } = await import("node:fs");
        const text = readFileSync(new URL("./text.txt", import.meta.url), "utf8");
        const optional = await import("optional").then(() => "there", () => "missing");
        try { readFileSync(new URL("./.env", import.meta.url)); } catch { /* Not staged. */ }
        export default [b(), data.n, lazy, text, optional];`,
      "src/lib/b.js": `import { a } from "../task.js"; export const b = () => a + 1;`,
      "src/lazy.js": `export const lazy = "lazy";`,
      "src/text.txt": "text",
      "data/data.json": { n: 7 },
    },
    value: [2, 7, "lazy", "text", "missing"],
    staged: [
      "app/data/data.json",
      "app/package.json",
      "app/src/lazy.js",
      "app/src/lib/b.js",
      "app/src/task.js",
      "app/src/text.txt",
    ],
  },

  "npm: flat and nested packages, of two versions": {
    entry: "task.mjs",
    files: {
      "task.mjs": `import a from "a"; import b from "b"; export default [a, b];`,
      "node_modules/a/package.json": {
        version: "1.0.0",
        type: "module",
        exports: "./a.js",
        dependencies: { b: "1" },
      },
      "node_modules/a/a.js": `import b from "b"; export default "a with " + b;`,
      "node_modules/a/a.d.ts": "export {}",
      "node_modules/a/.env": "TOKEN=hunter2",
      "node_modules/a/node_modules/b/package.json": { version: "1.0.0", main: "lib" },
      "node_modules/a/node_modules/b/lib/index.js": `module.exports = "b1";`,
      "node_modules/b/package.json": { version: "2.0.0" },
      "node_modules/b/index.js": `module.exports = "b2";`,
      "node_modules/c/index.js": `module.exports = "not used";`,
    },
    value: ["a with b1", "b2"],
    staged: [
      "app/node_modules/a -> packages/a@1.0.0/node_modules/a",
      "app/node_modules/b -> packages/b@2.0.0/node_modules/b",
      "app/task.mjs",
      "packages/a@1.0.0/node_modules/a/a.js",
      "packages/a@1.0.0/node_modules/a/package.json",
      "packages/a@1.0.0/node_modules/b -> packages/b@1.0.0/node_modules/b",
      "packages/b@1.0.0/node_modules/b/lib/index.js",
      "packages/b@1.0.0/node_modules/b/package.json",
      "packages/b@2.0.0/node_modules/b/index.js",
      "packages/b@2.0.0/node_modules/b/package.json",
    ],
  },

  "pnpm: packages behind links, with a cycle": {
    entry: "src/task.mjs",
    files: {
      "src/task.mjs": `import a from "@s/a/sub"; export default a;`,
      "node_modules/.pnpm/@s+a@1/node_modules/@s/a/package.json": {
        version: "1.0.0",
        exports: { "./*": { import: "./dist/*.mjs" } },
        peerDependencies: { b: "*" },
      },
      "node_modules/.pnpm/@s+a@1/node_modules/@s/a/dist/sub.mjs": `import b from "b"; export default "a with " + b.name;`,
      "node_modules/.pnpm/b@1/node_modules/b/package.json": {
        version: "1.0.0",
        dependencies: { "@s/a": "1" },
      },
      "node_modules/.pnpm/b@1/node_modules/b/index.js": `exports.name = "b";`,
    },
    links: {
      "node_modules/@s/a": "../.pnpm/@s+a@1/node_modules/@s/a",
      "node_modules/.pnpm/@s+a@1/node_modules/b": "../../b@1/node_modules/b",
      "node_modules/.pnpm/b@1/node_modules/@s/a": "../../../@s+a@1/node_modules/@s/a",
    },
    value: "a with b",
    staged: [
      "app/node_modules/@s/a -> packages/@s+a@1.0.0/node_modules/@s/a",
      "app/task.mjs",
      "packages/@s+a@1.0.0/node_modules/@s/a/dist/sub.mjs",
      "packages/@s+a@1.0.0/node_modules/@s/a/package.json",
      "packages/@s+a@1.0.0/node_modules/b -> packages/b@1.0.0/node_modules/b",
      "packages/b@1.0.0/node_modules/@s/a -> packages/@s+a@1.0.0/node_modules/@s/a",
      "packages/b@1.0.0/node_modules/b/index.js",
      "packages/b@1.0.0/node_modules/b/package.json",
    ],
  },

  "a workspace: a linked package, by its exports": {
    entry: "apps/bot/task.js",
    files: {
      "apps/bot/package.json": app,
      "apps/bot/task.js": `import { shared } from "@w/shared/deep"; export default shared;`,
      "packages/shared/package.json": {
        name: "@w/shared",
        type: "module",
        exports: {
          ".": "./index.js",
          "./deep": { types: "./deep.d.ts", default: "./src/deep.js" },
        },
      },
      "packages/shared/index.js": "export {}",
      "packages/shared/.env": "TOKEN=hunter2",
      "packages/shared/src/deep.js": `import x from "x"; export const shared = "shared " + x;`,
      "node_modules/x/index.js": "module.exports = 'x'",
    },
    links: { "node_modules/@w/shared": "../../packages/shared" },
    value: "shared x",
    staged: [
      "app/apps/bot/package.json",
      "app/apps/bot/task.js",
      "app/node_modules/@w/shared -> app/packages/shared",
      "app/node_modules/x -> packages/x@0/node_modules/x",
      "app/packages/shared/package.json",
      "app/packages/shared/src/deep.js",
      "packages/x@0/node_modules/x/index.js",
    ],
  },

  "CommonJS, by name, folder and file without ending": {
    entry: "task.cjs",
    files: {
      "task.cjs": `
        const { createRequire } = require("module");
        module.exports = { default: [require("./lib"), require("./one"), require("./two.json").two, require("fs") !== undefined] };`,
      "lib/package.json": { main: "main" },
      "lib/main.js": `module.exports = require("../one") + 10;`,
      "one.js": "module.exports = 1;",
      "two.json": { two: 2 },
    },
    value: { default: [11, 1, 2, true] },
    staged: [
      "app/lib/main.js",
      "app/lib/package.json",
      "app/one.js",
      "app/task.cjs",
      "app/two.json",
    ],
  },

  "files and folders behind links": {
    entry: "deep/src/task.mjs",
    files: {
      "deep/src/task.mjs": `import a from "../../linked/a.mjs"; import b from "./b.mjs"; export default [a, b];`,
      "real/a.mjs": `import c from "./c.mjs"; export default "a" + c;`,
      "real/c.mjs": `export default "c";`,
      "deep/b-1.mjs": `export default "b";`,
    },
    links: { linked: "real", "deep/src/b.mjs": "../b-1.mjs" },
    value: ["ac", "b"],
    staged: [
      "app/deep/b-1.mjs",
      "app/deep/src/b.mjs -> app/deep/b-1.mjs",
      "app/deep/src/task.mjs",
      "app/linked/a.mjs -> app/real/a.mjs",
      "app/real/a.mjs",
      "app/real/c.mjs",
    ],
  },

  "a package's imports and its own name": {
    entry: "dist/task.js",
    files: {
      "package.json": {
        ...app,
        exports: { "./*": "./dist/*.js" },
        imports: { "#one": { browser: "./dist/none.js", node: "./dist/one.js" }, "#dep": "dep" },
      },
      "dist/task.js": `import one from "#one"; import dep from "#dep"; import two from "app/two"; export default [one, dep, two];`,
      "dist/one.js": "export default 1;",
      "dist/two.js": "export default 2;",
      "dist/none.js": "export default 0;",
      "node_modules/dep/package.json": { name: "dep", main: "x.cjs" },
      "node_modules/dep/x.cjs": "module.exports = 'dep';",
    },
    value: [1, "dep", 2],
    staged: [
      "app/dist/one.js",
      "app/dist/task.js",
      "app/dist/two.js",
      "app/node_modules/dep -> packages/dep@0/node_modules/dep",
      "app/package.json",
      "packages/dep@0/node_modules/dep/package.json",
      "packages/dep@0/node_modules/dep/x.cjs",
    ],
  },

  "the framework, installed: only what is used of it": {
    entry: "task.mjs",
    files: {
      "task.mjs": `import { f } from "framework"; export default f;`,
      "node_modules/framework/package.json": {
        name: "framework",
        type: "module",
        dependencies: { z: "1" },
        exports: "./dist/index.js",
      },
      "node_modules/framework/dist/index.js": `export { f } from "./bot.js";`,
      "node_modules/framework/dist/bot.js": `import z from "z"; export const f = "f" + z; export const lazy = () => import("driver");`,
      "node_modules/framework/dist/unused.js": "",
      "node_modules/z/index.js": "module.exports = 'z'",
      "node_modules/driver/index.js": "module.exports = 'heavy'",
    },
    value: "fz",
    staged: [
      "app/node_modules/framework/dist/bot.js",
      "app/node_modules/framework/dist/index.js",
      "app/node_modules/framework/package.json",
      "app/node_modules/z -> packages/z@0/node_modules/z",
      "app/task.mjs",
      "packages/z@0/node_modules/z/index.js",
    ],
  },
};
