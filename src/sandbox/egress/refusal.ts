/** Why something was not carried, and what the sandbox is told about it. A value, not an error. */
export interface Refusal {
  readonly type: "refusal";
  readonly reason: RefusalReason;
  /** One sentence that says what to do. Holds nothing secret. */
  readonly text: string;
}

/** HTTP status and phrase of each reason. Some clients show only the phrase. */
export const refusalReasons = {
  "address-refused": [403, "Address Refused"],
  "bad-name": [400, "Bad Host Name"],
  "bad-request": [400, "Bad Request"],
  "bytes-down": [429, "Download Limit Reached"],
  "bytes-up": [413, "Upload Limit Reached"],
  "connect-failed": [502, "Connect Failed"],
  "connect-timeout": [504, "Connect Timeout"],
  "encoded-response": [502, "Encoded Response"],
  "headers-too-large": [431, "Headers Too Large"],
  "head-timeout": [408, "Request Timeout"],
  idle: [504, "Idle Timeout"],
  "not-granted": [403, "Not Granted Ask With request_access"],
  "not-resolved": [502, "Name Not Resolved"],
  "not-tls": [403, "TLS Expected"],
  "rate-limit": [429, "Too Many Requests"],
  "secret-scheme": [403, "Wrong Scheme For Secret"],
  "secret-unavailable": [502, "Secret Unavailable"],
  "server-name": [403, "Server Name Refused"],
  closed: [503, "Sandbox Closed"],
  "tls-failed": [502, "TLS Failed"],
  "too-many-connections": [429, "Too Many Connections"],
  unsupported: [501, "Not Supported"],
  "upstream-failed": [502, "Upstream Failed"],
  "url-too-long": [414, "URL Too Long"],
  withdrawn: [403, "Grant Withdrawn"],
} as const satisfies Readonly<Record<string, readonly [number, string]>>;

export type RefusalReason = keyof typeof refusalReasons;

export function refuse(reason: RefusalReason, text: string): Refusal {
  return { type: "refusal", reason, text };
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === "object" && value !== null && "type" in value && value.type === "refusal";
}

export function statusOf({ reason }: Refusal): number {
  return refusalReasons[reason][0];
}

/** The headers and body of the answer. The connection ends with it: what follows on it was meant for somebody else. */
export function answerTo(refusal: Refusal): {
  readonly status: number;
  readonly phrase: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
} {
  const [status, phrase] = refusalReasons[refusal.reason];
  const body = `opsthread: ${refusal.text}\n`;
  return {
    status,
    phrase,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "content-length": String(Buffer.byteLength(body)),
      "x-opsthread-refused": refusal.reason,
      connection: "close",
    },
    body,
  };
}

/** The whole answer as bytes, for where no HTTP server answers. */
export function rawAnswerTo(refusal: Refusal): string {
  const { status, phrase, headers, body } = answerTo(refusal);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${phrase}\r\n${lines.join("")}\r\n${body}`;
}
