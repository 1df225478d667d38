import { X509Certificate } from "node:crypto";

import type { Tree } from "./tree.ts";

/** What changed from one PEM certificate to another: whose it is, and until when it is valid. */
export function certificateNote(
  before: Tree | undefined,
  after: Tree | undefined,
): string | undefined {
  const [from, to] = [read(before), read(after)];
  if (to === undefined) return undefined;
  const until = `valid until ${dateOf(to)}`;
  if (from === undefined) return `certificate ${until}`;
  const subject = from.subject === to.subject ? "" : ", for another subject";
  return `certificate ${until}, before ${dateOf(from)}${subject}`;
}

function read(tree: Tree | undefined): X509Certificate | undefined {
  if (tree?.type !== "scalar" || !tree.value.startsWith("-----BEGIN CERTIFICATE-----"))
    return undefined;
  try {
    return new X509Certificate(tree.value);
  } catch {
    // It only looks like one, and is compared as text.
    return undefined;
  }
}

function dateOf(certificate: X509Certificate): string {
  return new Date(certificate.validTo).toISOString().slice(0, 10);
}
