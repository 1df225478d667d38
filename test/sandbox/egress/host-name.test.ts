import { isIPv4 } from "node:net";

import fc from "fast-check";
import { expect, test } from "vitest";

import {
  canonicalHost,
  formatEndpoint,
  isBadName,
  parseEndpoint,
} from "../../../src/sandbox/egress/host-name.ts";

test.each([
  ["API.Example.COM", "api.example.com"],
  ["xn--bcher-kva.example", "xn--bcher-kva.example"],
  ["my_service", "my_service"],
  ["192.0.2.1", "192.0.2.1"],
  ["[2001:DB8:0:0::1]", "2001:db8::1"],
  ["[::ffff:10.0.0.1]", "::ffff:a00:1"],
])("canonicalHost() reads %s as %s", (text, host) => {
  expect(canonicalHost(text)).toBe(host);
});

test.each([
  ["nothing", ""],
  ["a NUL", "example.com\0.evil.com"],
  ["a percent sign", "example%2ecom"],
  ["a space", "example.com evil.com"],
  ["a line break", "example.com\r\nx"],
  ["another script", "exämple.com"],
  ["a dot of another script", "example。com"],
  ["a dot at the end", "example.com."],
  ["a dot at the start", ".example.com"],
  ["an empty label", "example..com"],
  ["a label of 64", `${"a".repeat(64)}.com`],
  ["254 characters", `${"a.".repeat(126)}aa`],
  ["user information", "user@example.com"],
  ["a backslash", "example.com\\evil.com"],
  ["a hyphen at an edge", "-a.example.com"],
  ["punycode that is none", "xn--a.example.com"],
  ["a decimal address", "2130706433"],
  ["a short address", "127.1"],
  ["an octal address", "0177.0.0.1"],
  ["a zero before", "127.0.0.01"],
  ["a hexadecimal address", "0x7f.0.0.1"],
  ["a hexadecimal number", "0x7f000001"],
  ["a number behind a name", "a.0x1"],
  ["five numbers", "1.2.3.4.5"],
  ["a number too large", "256.1.1.1"],
  ["an IPv6 address without brackets", "::1"],
  ["a zone", "[fe80::1%25eth0]"],
  ["a zone, plain", "[fe80::1%eth0]"],
  ["half a bracket", "[::1"],
  ["a future address", "[v1.x]"],
])("canonicalHost() refuses %s", (_, text) => {
  expect(canonicalHost(text)).toMatchObject({ type: "bad-name" });
});

test.each([
  "a.example:0",
  "a.example:00443",
  "a.example:65536",
  "a.example:443x",
  "a.example:",
  "a.example",
  "a.example:-1",
  "a:b:1",
  "a.example: 443",
])("parseEndpoint() refuses %j", (text) => {
  expect(parseEndpoint(text)).toMatchObject({ type: "bad-name" });
});

/** Texts near to host names, where parsers differ. */
const nearHost = fc.oneof(
  fc.domain(),
  fc.ipV4(),
  fc.ipV4Extended(),
  fc.ipV6().map((address) => `[${address}]`),
  fc
    .array(
      fc.constantFrom(
        "a",
        "Z",
        "0",
        "1",
        "x",
        "7",
        "f",
        ".",
        "..",
        "-",
        "_",
        "xn--",
        "%",
        "[",
        "]",
        ":",
        "@",
        "\0",
        "/",
        "\\",
        "#",
        "?",
        "。",
        "ß",
        "K",
        "\t",
        " ",
        "127",
        "0x",
        "010",
        "com",
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join("")),
  fc.string({ unit: "binary", maxLength: 20 }),
);

test("what canonicalHost() accepts, the URL parser takes for the same host, and so does it itself again", () => {
  let accepted = 0;
  fc.assert(
    fc.property(nearHost, (text) => {
      const host = canonicalHost(text);
      if (isBadName(host)) return;
      accepted += 1;
      const inUrl = formatEndpoint({ host, port: 80 }, 80);
      const url = new URL(`http://${text}/`);
      expect(url.hostname).toBe(inUrl);
      expect([url.username, url.password, url.port, url.pathname]).toEqual(["", "", "", "/"]);
      expect(canonicalHost(inUrl)).toBe(host);
      // What the C library takes for an address is one here, too, in its only form.
      const isNumeric = host.split(".").every((part) => /^(?:0x[0-9a-f]*|[0-9]+)$/.test(part));
      expect(isNumeric && !isIPv4(host)).toBe(false);
    }),
    { numRuns: 1_500 },
  );
  expect(accepted).toBeGreaterThan(300);
});

test("parseEndpoint() and formatEndpoint() are each other's reverse", () => {
  fc.assert(
    fc.property(nearHost, fc.integer({ min: 1, max: 65_535 }), (text, port) => {
      const endpoint = parseEndpoint(`${text}:${port}`);
      if (isBadName(endpoint)) return;
      expect(parseEndpoint(formatEndpoint(endpoint))).toEqual(endpoint);
    }),
    { numRuns: 500 },
  );
});
