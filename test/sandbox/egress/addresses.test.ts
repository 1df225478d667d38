import { networkInterfaces } from "node:os";

import fc from "fast-check";
import { expect, test } from "vitest";

import { createAddressCheck } from "../../../src/sandbox/egress/addresses.ts";
import { parsePrivateDestinations } from "../../../src/sandbox/egress/private-destinations.ts";

const check = createAddressCheck(() => ["93.184.216.99", "2606:2800:220:1::99"]);

test.each([
  ["10.0.0.1", "private"],
  ["172.16.0.1", "private"],
  ["172.31.255.255", "private"],
  ["192.168.1.1", "private"],
  ["100.64.0.1", "shared address space"],
  ["127.0.0.1", "loopback"],
  ["127.255.255.254", "loopback"],
  ["0.0.0.0", "unspecified"],
  ["169.254.1.1", "link-local"],
  ["169.254.169.254", "a cloud metadata service"],
  ["169.254.170.2", "a cloud metadata service"],
  ["100.100.100.200", "a cloud metadata service"],
  ["168.63.129.16", "a cloud metadata service"],
  ["192.0.0.192", "a cloud metadata service"],
  ["192.0.0.1", "reserved"],
  ["192.0.2.1", "documentation"],
  ["198.18.0.1", "benchmarking"],
  ["198.51.100.1", "documentation"],
  ["203.0.113.1", "documentation"],
  ["192.88.99.1", "a 6to4 relay"],
  ["224.0.0.1", "multicast"],
  ["240.0.0.1", "reserved"],
  ["255.255.255.255", "broadcast"],
  ["93.184.216.99", "the host's own"],
  ["::", "unspecified"],
  ["::1", "loopback"],
  ["::7f00:1", "reserved"],
  ["::ffff:127.0.0.1", "loopback"],
  ["::ffff:a9fe:a9fe", "a cloud metadata service"],
  ["0:0:0:0:0:ffff:0a00:0001", "private"],
  ["::ffff:0:10.0.0.1", "reserved"],
  ["64:ff9b::10.0.0.1", "private"],
  ["64:ff9b:1::10.0.0.1", "reserved"],
  ["fe80::1", "link-local"],
  ["fe80::1%eth0", "link-local"],
  ["fec0::1", "link-local"],
  ["fc00::1", "private"],
  ["fd12:3456::1", "private"],
  ["fd00:ec2::254", "a cloud metadata service"],
  ["fd20:ce::254", "a cloud metadata service"],
  ["ff02::1", "multicast"],
  ["2001:db8::1", "documentation"],
  ["3fff::1", "documentation"],
  ["2001:2::1", "benchmarking"],
  ["2001::1", "Teredo"],
  ["2002:a00:1::", "6to4"],
  ["2001:10::1", "reserved"],
  ["100::1", "reserved"],
  ["4000::1", "reserved"],
  ["2606:2800:220:1::5efe:10.0.0.1", "private"],
  ["2606:2800:0220:0001:0:0:0:99", "the host's own"],
  ["example.com", "not an address"],
  ["", "not an address"],
])("%s is refused as %s", (address, why) => {
  expect(check(address)).toBe(why);
});

test.each([
  "93.184.216.34",
  "1.1.1.1",
  "8.8.8.8",
  "172.32.0.1",
  "100.63.0.1",
  "192.0.1.1",
  "2606:4700::1111",
  "2a00:1450::1",
  "::ffff:8.8.8.8",
  "64:ff9b::808:808",
])("%s is an ordinary public address", (address) => {
  expect(check(address)).toBeUndefined();
});

test("the addresses of this machine are refused by default", () => {
  const mine = createAddressCheck();
  const own = Object.values(networkInterfaces()).flatMap(
    (list) => list?.map(({ address }) => address) ?? [],
  );
  for (const address of own) expect(mine(address)).toBeTypeOf("string");
});

test("an IPv4 address is judged the same when it is mapped or translated", () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      expect(check(`::ffff:${address}`)).toBe(check(address));
      expect(check(`64:ff9b::${address}`)).toBe(check(address));
    }),
  );
});

test("allowPrivate opens exactly the address and port that it names", () => {
  const allows = parsePrivateDestinations(["10.0.0.5:443", "[fd00::5]:443", "127.0.0.1:80"]);
  expect(allows("10.0.0.5", 443, "private")).toBe(true);
  expect(allows("fd00::5", 443, "private")).toBe(true);
  expect(allows("127.0.0.1", 80, "loopback")).toBe(true);
  expect(allows("10.0.0.5", 80, "private")).toBe(false);
  expect(allows("10.0.0.6", 443, "private")).toBe(false);
});

test("allowPrivate for a network opens private addresses in it, no metadata service and no loopback", () => {
  const allows = parsePrivateDestinations([
    "10.1.0.0/16:443",
    "169.254.0.0/16:80",
    "127.0.0.0/8:80",
    "100.64.0.0/10:80",
  ]);
  expect(allows("10.1.2.3", 443, "private")).toBe(true);
  expect(allows("10.2.2.3", 443, "private")).toBe(false);
  expect(allows("169.254.169.254", 80, "a cloud metadata service")).toBe(false);
  expect(allows("127.0.0.1", 80, "loopback")).toBe(false);
  expect(allows("100.100.100.200", 80, "a cloud metadata service")).toBe(false);
  expect(allows("10.1.2.3", 443, "the host's own")).toBe(false);
});

test.each([
  "",
  "10.0.0.5",
  "10.0.0.5:0",
  "10.0.0.5:65536",
  "internal:443",
  "10.0.0.0/33:443",
  "0.0.0.0/0:443",
  "010.0.0.1:80",
  "fd00::5:443",
])("allowPrivate refuses %j", (entry) => {
  expect(() => parsePrivateDestinations([entry])).toThrow(/Cannot allow the private destination/);
});
