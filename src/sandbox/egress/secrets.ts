import { OpsthreadError } from "../../core/errors.ts";
import { isBadName, parseEndpoint, type Endpoint } from "./host-name.ts";
import { refuse, type Refusal } from "./refusal.ts";

/** A secret of the host, which is added to requests to its own hosts and never enters a sandbox. */
export interface EgressSecret {
  readonly name: string;
  /** `host:port`, exact. https, but for port 80 and for what is written as `http://host:port`. */
  readonly hosts: readonly string[];
  readonly header: string;
  /** Before the value, such as `Bearer `. */
  readonly prefix?: string;
  /** Asked for each request, so that it may change. */
  readonly value: () => string | Promise<string>;
}

/** A secret with its hosts read. */
export interface SecretRule {
  readonly name: string;
  readonly header: string;
  readonly places: readonly (Endpoint & { readonly scheme: "http" | "https" })[];
  readonly secret: EgressSecret;
}

/** A header with its secret value, and every form of it that an answer may hold. */
export interface SecretHeader {
  readonly name: string;
  readonly header: string;
  readonly value: string;
  readonly forms: readonly string[];
}

const shortest = 6;
const forbiddenHeaders =
  /^(?:host|connection|content-length|transfer-encoding|upgrade|te|trailer|proxy-.*)$/;

/** @throws {OpsthreadError} `CONFIG_INVALID` */
export function parseSecrets(secrets: readonly EgressSecret[]): readonly SecretRule[] {
  const names = new Set<string>();
  return secrets.map((secret) => {
    const header = secret.header.toLowerCase();
    if (names.has(secret.name)) throw invalid(secret.name, "there is another of this name");
    names.add(secret.name);
    if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(header) || forbiddenHeaders.test(header))
      throw invalid(secret.name, `"${header}" is not a header that can carry it`);
    if (secret.hosts.length === 0) throw invalid(secret.name, "it has no host");
    return { name: secret.name, header, secret, places: secret.hosts.map(placeOf(secret.name)) };
  });
}

/** The secrets of these names that belong to a host and port, whatever the scheme. */
export function secretsAt(rules: readonly SecretRule[], endpoint: Endpoint): readonly SecretRule[] {
  return rules.filter((rule) => rule.places.some((place) => isAt(place, endpoint)));
}

/** Refuses to send a secret by another scheme than it was configured for: https would become plain text. */
export function schemeProblem(
  rules: readonly SecretRule[],
  { endpoint, scheme }: { readonly endpoint: Endpoint; readonly scheme: "http" | "https" },
): Refusal | undefined {
  const wrong = rules.find(
    (rule) => !rule.places.some((place) => isAt(place, endpoint) && place.scheme === scheme),
  );
  return wrong
    ? refuse(
        "secret-scheme",
        `the secret "${wrong.name}" is not sent over ${scheme}; use the other`,
      )
    : undefined;
}

/** Fetches the values. What goes wrong there is not told: it might hold the value. */
export async function secretHeaders(
  rules: readonly SecretRule[],
): Promise<readonly SecretHeader[] | Refusal> {
  const headers: SecretHeader[] = [];
  for (const { name, header, secret } of rules) {
    const value = await fetched(secret);
    if (value === undefined || value.length < shortest || !/^[\x20-\x7e]+$/.test(value))
      return refuse(
        "secret-unavailable",
        `the value of the secret "${name}" can't be had; tell an operator`,
      );
    const prefix = secret.prefix ?? "";
    headers.push({ name, header, value: prefix + value, forms: formsOf(prefix, value) });
  }
  return headers;
}

async function fetched({ value }: EgressSecret): Promise<string | undefined> {
  try {
    return await value();
  } catch {
    // The error may hold the value; that there is none is told by name.
    return undefined;
  }
}

function formsOf(prefix: string, value: string): string[] {
  const decoded = /^basic\s+$/i.test(prefix) ? Buffer.from(value, "base64").toString() : "";
  const password = decoded.slice(decoded.indexOf(":") + 1);
  const plain = [value, decoded, password].filter((text) => text.length >= shortest);
  return plain.flatMap((text) => [
    text,
    encodeURIComponent(text),
    JSON.stringify(text).slice(1, -1),
    Buffer.from(text).toString("base64").replace(/=+$/, ""),
  ]);
}

const isAt = (place: Endpoint, { host, port }: Endpoint): boolean =>
  place.host === host && place.port === port;

const placeOf =
  (name: string) =>
  (text: string): SecretRule["places"][number] => {
    const [, written, rest = ""] = /^(?:(https?):\/\/)?(.*)$/s.exec(text) ?? [];
    const endpoint = parseEndpoint(rest);
    if (isBadName(endpoint)) throw invalid(name, `its host "${text}" ${endpoint.why}`);
    const isPlain = written === "http" || (written === undefined && endpoint.port === 80);
    if (isPlain && endpoint.port === 443) throw invalid(name, `its host "${text}" is not for http`);
    return { ...endpoint, scheme: isPlain ? "http" : "https" };
  };

function invalid(name: string, why: string): OpsthreadError {
  return new OpsthreadError(
    "CONFIG_INVALID",
    `Cannot use the secret "${name}": ${why}, expected { name, hosts: ["api.example.com:443"], header, value }`,
  );
}
