import { expect, test } from "vitest";

import { isOpsthreadError } from "../../../src/core/errors.ts";
import { isBadName, parseEndpoint } from "../../../src/sandbox/egress/host-name.ts";
import { isGranted, parseNetGrant } from "../../../src/sandbox/egress/policy.ts";

function allows(grants: readonly string[], text: string): boolean {
  const endpoint = parseEndpoint(text);
  return !isBadName(endpoint) && isGranted(grants.map(parseNetGrant), endpoint);
}

test.each([
  ["example.com:443", "example.com:443", true],
  ["Example.COM:443", "EXAMPLE.com:443", true],
  ["example.com:443", "example.com:80", false],
  ["example.com:443", "www.example.com:443", false],
  ["example.com:443", "evil-example.com:443", false],
  ["example.com:443", "example.com.evil.com:443", false],
  ["*.example.com:443", "www.example.com:443", true],
  ["*.example.com:443", "a.b.example.com:443", true],
  ["*.example.com:443", "example.com:443", false],
  ["*.example.com:443", "evil-example.com:443", false],
  ["*.example.com:443", "evilexample.com:443", false],
  ["*.example.com:443", "www.example.com.evil.com:443", false],
  ["*.example.com:443", "www.example.com\0.evil.com:443", false],
  ["*.example.com:443", "xn--80ak6aa92e.example.com:443", false],
  ["xn--80ak6aa92e.example.com:443", "xn--80ak6aa92e.example.com:443", true],
  ["192.0.2.1:443", "192.0.2.1:443", true],
  ["192.0.2.1:443", "192.0.2.2:443", false],
  ["127.0.0.1:443", "0177.0.0.1:443", false],
  ["[2001:db8::1]:443", "[2001:DB8:0::1]:443", true],
])("the grant %s and a request for %s: %s", (grant, request, expected) => {
  expect(allows([grant], request)).toBe(expected);
});

test.each([
  "",
  "example.com",
  "example.com:*",
  "example.com:0",
  "*:443",
  "*.com:443",
  "*.*.com:443",
  "a.*.com:443",
  "*.192.0.2.1:443",
  "https://example.com",
  "example.com:443/path",
  "exämple.com:443",
  "2130706433:80",
  "127.1:80",
  "user@example.com:443",
  "example.com.:443",
  "fe80::1:443",
  "[fe80::1%eth0]:443",
  " example.com:443",
])("parseNetGrant() refuses %j and says what it expects", (text) => {
  let error: unknown;
  try {
    parseNetGrant(text);
  } catch (thrown) {
    error = thrown;
  }
  expect(isOpsthreadError(error, "CONFIG_INVALID")).toBe(true);
  expect(String(error)).toMatch(/Cannot grant .* expected "host:port"/);
});
