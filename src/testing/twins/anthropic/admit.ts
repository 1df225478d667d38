import type { TwinRequest } from "../http-twin.ts";
import { bodyBytes, listHeader } from "../scripting/requests.ts";
import { Refusal } from "./refusal.ts";

/** What a request's headers ask for. */
export interface Asked {
  readonly version: "2023-06-01" | "2026-10-21";
  readonly betas: readonly string[];
}

/**
 * Whether the request may come in at all.
 * https://platform.claude.com/docs/en/api/overview, …/api/versioning, …/api/beta-headers
 */
export function admit(
  request: TwinRequest,
  {
    apiKey,
    maxBodyBytes = 32 * 1024 * 1024,
  }: { readonly apiKey?: string; readonly maxBodyBytes?: number },
): Asked {
  const { method, path, headers } = request;
  if (bodyBytes(request) > maxBodyBytes) throw new Refusal("Request exceeds the maximum size", 413);
  checkKey(headers, apiKey);
  const version = headers["anthropic-version"];
  if (version === undefined) throw new Refusal("anthropic-version: header is required");
  if (version !== "2023-06-01" && version !== "2026-10-21")
    throw new Refusal(`anthropic-version: "${String(version)}" is not a valid version`);
  const route = routes.find(({ pattern }) => pattern.test(path));
  if (route === undefined) throw new Refusal("Not found", 404);
  if (route.method !== method) throw new Refusal("Method Not Allowed", 405);
  const betas = listHeader(request, "anthropic-beta");
  const unknown = betas.find((beta) => !known.has(beta));
  if (unknown !== undefined)
    throw new Refusal(
      `Unexpected value(s) \`${unknown}\` for the \`anthropic-beta\` header. ` +
        "Please consult our documentation at docs.anthropic.com or try again without the header.",
    );
  return { version, betas };
}

/** The documents send the key as `x-api-key`, the vendor's own client as a bearer token: the API takes both. */
function checkKey(headers: TwinRequest["headers"], apiKey: string | undefined): void {
  const key = headers["x-api-key"];
  const token = /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1];
  if (token === undefined && (key === undefined || key === ""))
    throw new Refusal("x-api-key header is required", 401);
  if (apiKey === undefined) return;
  if (key !== undefined && key !== apiKey) throw new Refusal("invalid x-api-key", 401);
  if (key === undefined && token !== apiKey) throw new Refusal("Invalid bearer token", 401);
}

const routes = [
  { method: "POST", pattern: /^\/v1\/messages$/ },
  { method: "POST", pattern: /^\/v1\/messages\/count_tokens$/ },
  { method: "GET", pattern: /^\/v1\/models(\/[^/]+)?$/ },
];

/** Those of the API that concern messages; what they allow is checked only where the twin knows it. */
const known = new Set([
  "compact-2026-01-12",
  "context-1m-2025-08-07",
  "context-management-2025-06-27",
  "extended-cache-ttl-2025-04-11",
  "fine-grained-tool-streaming-2025-05-14",
  "interleaved-thinking-2025-05-14",
  "model-context-window-exceeded-2025-08-26",
  "prompt-caching-2024-07-31",
  "structured-outputs-2025-11-13",
  "token-counting-2024-11-01",
]);
