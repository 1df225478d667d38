import type { TwinRequest } from "../http-twin.ts";

/** A request as a test sees it: without the key. */
export interface LoggedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** A failed assertion prints the log, so no key may be in it. */
const secret = new Set(["x-api-key", "authorization"]);

export function logged({ method, path, query, headers, body }: TwinRequest): LoggedRequest {
  return {
    method,
    path,
    query: Object.fromEntries(query),
    headers: Object.fromEntries(
      Object.entries(headers).flatMap(([name, value]) =>
        value === undefined || secret.has(name) ? [] : [[name, String(value)]],
      ),
    ),
    body,
  };
}

/** What the client sent in a header that may be a list, such as `anthropic-beta`. */
export function listHeader({ headers }: TwinRequest, name: string): readonly string[] {
  return String(headers[name] ?? "")
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}

/** The server would count what arrives; every client here sends the length. */
export const bodyBytes = ({ headers, body }: TwinRequest): number =>
  Number(headers["content-length"] ?? Buffer.byteLength(JSON.stringify(body ?? "")));
