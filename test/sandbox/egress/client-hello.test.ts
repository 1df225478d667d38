import { connect as tlsConnect } from "node:tls";

import fc from "fast-check";
import { expect, test } from "vitest";

import { readFirstBytes } from "../../../src/sandbox/egress/client-hello.ts";
import { channelPair } from "./harness.ts";

function helloOf(servername: string, options: object = {}): Promise<Buffer> {
  const [client, wire] = channelPair();
  tlsConnect({ socket: client, ...(servername && { servername }), ...options }).on(
    "error",
    () => {},
  );
  return new Promise((resolve) => {
    wire.once("data", (data: Buffer) => {
      resolve(data);
      wire.destroy();
    });
  });
}

/** The same handshake message in records of `size` bytes. */
function inRecords(hello: Buffer, size: number): Buffer {
  const message = hello.subarray(5);
  const parts: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size);
    parts.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]), part);
  }
  return Buffer.concat(parts);
}

test.each([
  ["1.3", {}],
  ["1.2", { maxVersion: "TLSv1.2" }],
  ["with ALPN", { ALPNProtocols: ["h2", "http/1.1"] }],
])("the server name of a real client is read (%s)", async (_, options) => {
  const hello = await helloOf("api.example.com", options);
  expect(readFirstBytes(hello)).toEqual({
    type: "client-hello",
    serverName: "api.example.com",
    isEncrypted: false,
  });
});

test("a client that names no server is told apart", async () => {
  expect(readFirstBytes(await helloOf(""))).toMatchObject({
    type: "client-hello",
    serverName: undefined,
  });
});

test("a hello that comes in pieces, or in several records, is read when it is whole", async () => {
  const hello = await helloOf("api.example.com");
  for (const bytes of [hello, inRecords(hello, 1), inRecords(hello, 100)]) {
    expect(readFirstBytes(bytes.subarray(0, bytes.length - 1))).toEqual({ type: "more" });
    expect(readFirstBytes(bytes)).toMatchObject({ serverName: "api.example.com" });
  }
});

test("an encrypted server name is seen", async () => {
  const hello = await helloOf("api.example.com");
  const extension = Buffer.from([0xfe, 0x0d, 0, 1, 0]);
  const longer = Buffer.concat([hello, extension]);
  longer.writeUInt16BE(hello.readUInt16BE(3) + 5, 3);
  longer.writeUIntBE(hello.readUIntBE(6, 3) + 5, 6, 3);
  const at = 5 + 4 + 34 + 1 + (hello[43] ?? 0);
  const afterSuites = at + 2 + hello.readUInt16BE(at);
  const extensions = afterSuites + 1 + (hello[afterSuites] ?? 0);
  longer.writeUInt16BE(hello.readUInt16BE(extensions) + 5, extensions);
  expect(readFirstBytes(longer)).toMatchObject({
    serverName: "api.example.com",
    isEncrypted: true,
  });
});

test("what is not TLS is told at its first byte", () => {
  expect(readFirstBytes(Buffer.from("G"))).toEqual({ type: "not-tls" });
  expect(readFirstBytes(Buffer.alloc(0))).toEqual({ type: "more" });
  expect(readFirstBytes(Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 0]))).toEqual({ type: "unreadable" });
  expect(readFirstBytes(Buffer.from([22, 3, 1, 0, 4, 1, 255, 255, 255]))).toEqual({
    type: "unreadable",
  });
});

test("whatever byte of a hello is changed, or wherever it is cut, it is read without an error", async () => {
  const hello = await helloOf("api.example.com");
  fc.assert(
    fc.property(fc.nat(hello.length - 1), fc.nat(255), fc.nat(hello.length), (at, byte, cut) => {
      const changed = Buffer.from(hello);
      changed[at] = byte;
      expect(readFirstBytes(changed.subarray(0, cut))).toHaveProperty("type");
    }),
    { numRuns: 500 },
  );
});
