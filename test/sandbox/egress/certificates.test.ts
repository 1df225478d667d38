import { X509Certificate } from "node:crypto";

import { expect, test } from "vitest";

import { createCertificateAuthority } from "../../../src/sandbox/egress/certificates.ts";

const now = Date.UTC(2049, 11, 31, 12);
const authority = createCertificateAuthority({ name: "An authority", now, lifetimeMs: 86_400_000 });
const root = new X509Certificate(authority.certificate);

test("the authority signs itself, may sign hosts only, and ends", () => {
  expect(root.verify(root.publicKey)).toBe(true);
  expect(root.ca).toBe(true);
  expect(root.subject).toBe("CN=An authority");
  expect(new Date(root.validFrom).getTime()).toBe(now - 3_600_000);
  expect(new Date(root.validTo).getTime()).toBe(now + 86_400_000);
});

test.each([
  ["api.example.com", "DNS:api.example.com"],
  ["192.0.2.1", "IP Address:192.0.2.1"],
  ["2001:db8::1", "IP Address:2001:DB8:0:0:0:0:0:1"],
  ["::1", "IP Address:0:0:0:0:0:0:0:1"],
])("a certificate for %s is for it alone and no authority", (host, name) => {
  const leaf = new X509Certificate(authority.issue(host).cert);
  expect(leaf.subjectAltName).toBe(name);
  expect(leaf.ca).toBe(false);
  expect(leaf.checkIssued(root)).toBe(true);
  expect(leaf.verify(root.publicKey)).toBe(true);
  expect(leaf.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
});

test("a host's certificate is made once, and each has its own number", () => {
  const [one, again, other] = ["a.example", "a.example", "b.example"].map(
    (host) => authority.issue(host).cert,
  );
  expect(one).toBe(again);
  const serials = [root, new X509Certificate(one ?? ""), new X509Certificate(other ?? "")].map(
    ({ serialNumber }) => serialNumber,
  );
  expect(new Set(serials).size).toBe(3);
});

test("two authorities share no key", () => {
  const other = createCertificateAuthority({ name: "An authority", now, lifetimeMs: 86_400_000 });
  expect(new X509Certificate(other.issue("a.example").cert).verify(root.publicKey)).toBe(false);
});
