import { z } from "zod";

const dependencies = z.record(z.string(), z.unknown()).catch({});

/** What of a package.json says which code belongs to a package and how it is found. */
const PackageJson = z.object({
  name: z.string().optional().catch(undefined),
  version: z.string().optional().catch(undefined),
  type: z.string().optional().catch(undefined),
  main: z.string().optional().catch(undefined),
  exports: z.unknown().optional(),
  imports: z.unknown().optional(),
  dependencies,
  optionalDependencies: dependencies,
  peerDependencies: dependencies,
});
export type PackageJson = z.infer<typeof PackageJson>;

/** Reads it as far as it can be read: what is wrong in it shows when Node reads it. */
export function parsePackageJson(text: string): PackageJson {
  try {
    return PackageJson.parse(JSON.parse(text));
  } catch {
    return PackageJson.parse({});
  }
}

/** The packages that it says it uses. Declarations of types are no code. */
export function dependenciesOf(json: PackageJson): readonly string[] {
  const names = [json.dependencies, json.optionalDependencies, json.peerDependencies];
  return [...new Set(names.flatMap((some) => Object.keys(some)))].filter(
    (name) => packageName.test(name) && !name.startsWith("@types/"),
  );
}

/** What Node needs of it to resolve, and nothing of what else people keep in there. */
export function resolutionPart({ name, version, type, main, ...maps }: PackageJson): string {
  const { exports, imports } = maps;
  return JSON.stringify({ name, version, type, main, exports, imports });
}

/** Splits `@scope/name/sub/path` into `@scope/name` and `./sub/path`. Undefined for what names no package. */
export function splitSpecifier(
  specifier: string,
): { readonly name: string; readonly subpath: string } | undefined {
  const [name] = packageName.exec(specifier) ?? [];
  return name === undefined ? undefined : { name, subpath: `.${specifier.slice(name.length)}` };
}

const packageName = /^(?:@[^/@.\\%:][^/\\%:]*\/)?[^/@.\\%:][^/\\%:]*(?=\/|$)/;
