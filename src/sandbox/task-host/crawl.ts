import { isBuiltin } from "node:module";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import type { Disk } from "./disk.ts";
import { referencesOf, type Reference } from "./imports.ts";
import {
  dependenciesOf,
  parsePackageJson,
  splitSpecifier,
  type PackageJson,
} from "./package-json.ts";
import { mapped } from "./package-map.ts";

/** The code that a module needs, by where it really lies on this host. */
export interface Crawled {
  /** Files of people's own packages, one by one. */
  readonly files: ReadonlySet<string>;
  /** The package.json files which say how these are to be understood. */
  readonly packageJsons: ReadonlyMap<string, PackageJson>;
  /** Third-party packages, whole, by their folder. */
  readonly packages: ReadonlyMap<string, ThirdParty>;
  /** Paths that own files use for something that really lies elsewhere, and where that is. */
  readonly links: ReadonlyMap<string, string>;
}

export interface ThirdParty {
  readonly version: string;
  readonly files: readonly string[];
  /** Folders of the packages that it uses, by the names that it uses. */
  readonly dependencies: ReadonlyMap<string, string>;
}

export interface CrawlOptions {
  readonly disk: Disk;
  /** The folder of a package that is treated as own although it may be installed. */
  readonly frameworkRoot: string;
}

/**
 * Finds what a module needs. Own code is followed file by file, so that nothing else of its project comes along;
 * of installed packages, which may load their parts in any way, all is taken. What can't be found is left out: Node
 * itself then tells what is missing.
 */
export function crawl(entry: string, { disk, frameworkRoot }: CrawlOptions): Crawled {
  const files = new Set<string>();
  const packageJsons = new Map<string, PackageJson>();
  const packages = new Map<string, ThirdParty>();
  const links = new Map<string, string>();

  const isOwn = (path: string): boolean => {
    const isFramework = path.startsWith(`${frameworkRoot}/`) || path === frameworkRoot;
    return !`${isFramework ? path.slice(frameworkRoot.length) : path}/`.includes("/node_modules/");
  };

  /** The package.json in a folder. */
  const packageJsonIn = (folder: string): PackageJson | undefined => {
    const path = join(folder, "package.json");
    const known = packageJsons.get(path);
    if (known || disk.file(path) === undefined) return known;
    const json = parsePackageJson(disk.read(path));
    if (isOwn(path)) packageJsons.set(path, json);
    return json;
  };

  /** The package that a folder belongs to. */
  const packageOf = (folder: string): { root: string; json: PackageJson } | undefined => {
    const json = packageJsonIn(folder);
    if (json) return { root: folder, json };
    const parent = dirname(folder);
    return parent === folder || basename(parent) === "node_modules" ? undefined : packageOf(parent);
  };

  /** Where an installed package is found from a folder. */
  const lookUp = (folder: string, name: string): { path: string; root: string } | undefined => {
    const path = join(folder, "node_modules", name);
    const root = basename(folder) === "node_modules" ? undefined : disk.real(path);
    if (root !== undefined) return { path, root };
    const parent = dirname(folder);
    return parent === folder ? undefined : lookUp(parent, name);
  };

  const link = (path: string, target: string): void => {
    if (path !== target) links.set(path, target);
  };

  /** Takes a file along by the path that somebody uses for it. */
  const reach = (path: string): void => {
    const real = disk.file(path);
    if (real === undefined) return;
    if (isOwn(real)) {
      link(path, real);
      files.add(real); // A set that grows is walked to its end.
      return;
    }
    const [root] = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path) ?? [];
    if (root !== undefined) reachPackage(root, disk.real(root) ?? root);
  };

  const reachPackage = (path: string, root: string): void => {
    takePackage(root);
    links.set(path, root);
  };

  const takePackage = (root: string): void => {
    if (packages.has(root)) return;
    const json = packageJsonIn(root);
    const dependencies = new Map<string, string>();
    const listed = disk.list(root, isPackageFile);
    packages.set(root, { version: json?.version ?? "0", files: listed, dependencies });
    for (const file of listed) disk.note(join(root, file));
    for (const name of json ? dependenciesOf(json) : []) {
      const found = lookUp(root, name);
      if (!found) continue;
      dependencies.set(name, found.root);
      if (!isOwn(found.root)) takePackage(found.root);
      else for (const kind of ["import", "require"] as const) reachExport(found.root, ".", kind);
    }
  };

  /** Takes along what a path stands for in CommonJS, or in the `main` of a package. */
  const reachLoosely = (path: string): void => {
    const main = packageJsonIn(path)?.main;
    const bases = main === undefined ? [path] : [path, join(path, main)];
    for (const base of bases.toReversed())
      for (const suffix of ["", ".js", ".json", ".node", "/index.js", "/index.json", "/index.node"])
        if (disk.file(base + suffix) !== undefined) return reach(base + suffix);
  };

  const reachExport = (root: string, subpath: string, kind: "import" | "require"): void => {
    const json = packageJsonIn(root);
    if (json?.exports !== undefined) {
      const target = mapped(json.exports, subpath, kind);
      if (target !== undefined) reach(join(root, target));
    } else if (subpath === "." || kind === "require") reachLoosely(join(root, subpath));
    else reach(join(root, subpath));
  };

  const followBare = (specifier: string, kind: "import" | "require", file: string): void => {
    const wanted = splitSpecifier(specifier);
    if (!wanted) return;
    const self = packageOf(dirname(file));
    if (self?.json.name === wanted.name && self.json.exports !== undefined)
      return reachExport(self.root, wanted.subpath, kind);
    const found = lookUp(dirname(file), wanted.name);
    if (!found) return;
    if (!isOwn(found.root)) return reachPackage(found.path, found.root);
    link(found.path, found.root);
    reachExport(found.root, wanted.subpath, kind);
  };

  const follow = ({ kind, specifier }: Reference, file: string): void => {
    if (isBuiltin(specifier)) return;
    const isRelative = /^\.{1,2}(?:\/|$)/.test(specifier);
    if (kind === "require" && isRelative) return reachLoosely(join(dirname(file), specifier));
    if (isRelative) {
      const path = fileURLToPath(new URL(specifier, pathToFileURL(file)));
      if (kind === "import" || !basename(path).startsWith(".")) reach(path);
      return;
    }
    if (kind === "asset" || /^(?:\/|[a-z][\w+.-]*:)/i.test(specifier)) return;
    if (!specifier.startsWith("#")) return followBare(specifier, kind, file);
    const self = packageOf(dirname(file));
    const target = self && mapped(self.json.imports, specifier, kind);
    if (self === undefined || target === undefined || isBuiltin(target)) return;
    if (target.startsWith("./")) reach(join(self.root, target));
    else followBare(target, kind, file);
  };

  reach(entry);
  for (const file of files) {
    packageOf(dirname(file));
    if (!isProgram.test(extname(file))) disk.note(file);
    else
      for (const reference of referencesOf(disk.read(file)))
        // That is where the bot loads its drivers. Nothing that runs in a sandbox needs one.
        if (!reference.lazy || file !== join(frameworkRoot, "dist/bot.js")) follow(reference, file);
  }
  return { files, packageJsons, packages, links };
}

const isProgram = /^\.[cm]?[jt]s$/;

/**
 * Its own installed packages are found by their names, and are no part of it. Node runs no TypeScript that is installed,
 * and people keep settings and secrets in files with a dot, not code.
 */
function isPackageFile(path: string, type: "file" | "folder"): boolean {
  if (type === "folder") return path !== "node_modules" && path !== ".git";
  return !basename(path).startsWith(".") && !/\.(?:[cm]?tsx?|map)$/.test(path);
}
