import type { SecureVersion } from "node:tls";

import type { CertificateAuthority } from "./certificates.ts";
import type { Dialler } from "./dial.ts";
import type { Exchange } from "./exchange.ts";
import { formatEndpoint, type Endpoint } from "./host-name.ts";
import type { EgressLimits, Meter } from "./limits.ts";
import type { Linger } from "./linger.ts";
import { isGranted, type NetGrant } from "./policy.ts";
import { refuse, type Refusal } from "./refusal.ts";
import { secretsAt, type SecretRule } from "./secrets.ts";

/** What a session's requests are carried with. */
export interface EgressSession {
  readonly limits: EgressLimits;
  readonly meter: Meter;
  readonly dial: Dialler;
  /** What is granted at this moment. */
  granted(): Granted;
  authority(): CertificateAuthority;
  /** Authorities that upstream certificates are checked against, in the place of the usual ones. */
  readonly upstreamCa: string | readonly string[] | undefined;
  /** Redacts a path for the audit. */
  readonly redact: (text: string) => string;
  readonly linger: Linger;
  begin(method: string, type: "request" | "tunnel"): Exchange | Refusal;
}

export interface Granted {
  readonly net: readonly NetGrant[];
  readonly secrets: readonly SecretRule[];
}

export const leastTlsVersion: SecureVersion = "TLSv1.2";

/** The granted secrets of an endpoint, or why it can't be reached. */
export function admit(
  session: EgressSession,
  endpoint: Endpoint,
): { readonly secrets: readonly SecretRule[] } | Refusal {
  const { net, secrets } = session.granted();
  if (isGranted(net, endpoint)) return { secrets: secretsAt(secrets, endpoint) };
  return refuse(
    "not-granted",
    `${formatEndpoint(endpoint)} is not granted; ask for it with request_access`,
  );
}
