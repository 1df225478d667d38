import { basename, dirname, join, posix, relative } from "node:path";

import type { Crawled } from "./crawl.ts";
import { resolutionPart } from "./package-json.ts";

/** What a bundle holds: each key is a path in it. */
export interface Bundle {
  readonly copies: ReadonlyMap<string, string>;
  readonly texts: ReadonlyMap<string, string>;
  /** Links with their targets, both paths in the bundle. */
  readonly links: ReadonlyMap<string, string>;
  /** Where a file of the host lies in it. */
  placeOf(hostPath: string): string;
}

/**
 * Gives code its place, such that Node's own resolution finds the same there. Own files keep their places to each
 * other, below the folder that they share. Each package lies beside links to what it uses, as pnpm does it. So
 * nothing tells where on the host it came from.
 */
export function layOut({ files, packageJsons, packages, links }: Crawled): Bundle {
  const linkedFiles = [...links.keys()].filter((path) => !path.includes("/node_modules/"));
  const own = [...files, ...packageJsons.keys(), ...linkedFiles];
  const shared = commonFolder(own.map((path) => dirname(path)));
  const roots = packageRoots(packages);

  const ownPlace = (path: string): string => posix.join("app", relative(shared, path));
  const placeOf = (path: string): string => roots.get(path) ?? ownPlace(path);
  /** Links above the shared folder do as well in it: nothing nearer was found. */
  const linkPlace = (path: string): string => {
    const [, below = ""] = /^.*?(\/node_modules\/.*)$/.exec(path) ?? [];
    return isInside(shared, path) ? ownPlace(path) : posix.join("app", below);
  };

  const copies = new Map<string, string>();
  const texts = new Map<string, string>();
  const linked = new Map<string, string>();
  for (const path of files) copies.set(ownPlace(path), path);
  for (const [path, json] of packageJsons)
    if (!files.has(path)) texts.set(ownPlace(path), resolutionPart(json));
  for (const [root, { files: some, dependencies }] of packages) {
    const place = placeOf(root);
    const [beside] = /^packages\/[^/]+\/node_modules\//.exec(place) ?? [""];
    for (const file of some) copies.set(posix.join(place, file), join(root, file));
    for (const [name, target] of dependencies) {
      const at = posix.join(beside, name);
      if (at !== place) linked.set(at, placeOf(target));
    }
  }
  for (const [path, target] of links) {
    const at = linkPlace(path);
    const place = placeOf(target);
    if (at !== place) linked.set(at, place);
  }
  return { copies, texts, links: linked, placeOf };
}

function packageRoots(packages: Crawled["packages"]): ReadonlyMap<string, string> {
  const roots = new Map<string, string>();
  const used = new Set<string>();
  for (const [root, { version }] of packages) {
    const [, name = basename(root)] = /\/node_modules\/((?:@[^/]+\/)?[^/@][^/]*)$/.exec(root) ?? [];
    const key = `${name}@${version}`.replaceAll(/[^\w.@-]+/g, "+");
    let place = key;
    for (let count = 2; used.has(place); count += 1) place = `${key}+${count}`;
    used.add(place);
    roots.set(root, `packages/${place}/node_modules/${name}`);
  }
  return roots;
}

function commonFolder(folders: readonly string[]): string {
  const [first = "/", ...rest] = folders;
  return rest.reduce((shared, folder) => {
    let common = shared;
    while (!isInside(common, folder)) common = dirname(common);
    return common;
  }, first);
}

const isInside = (folder: string, path: string): boolean =>
  folder === "/" || path === folder || path.startsWith(`${folder}/`);
