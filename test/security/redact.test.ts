import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { createRedactor } from "../../src/security/redact.ts";

const redactor = createRedactor({ literals: ["own-token/1+1"] });
const failed = "[redacted: could not be checked]";

describe("text()", () => {
  test("names the kind of each secret", () =>
    expect(redactor.text("DB_PASSWORD=hunter2 and ghp_" + "a1".repeat(18))).toBe(
      "DB_PASSWORD=[redacted:password]",
    ));

  test.each([
    "own-token/1+1",
    encodeURIComponent("own-token/1+1"),
    Buffer.from("own-token/1+1").toString("base64"),
  ])("finds a configured secret as %s", (form) =>
    expect(redactor.text(`say ${form}.`)).toMatch(/^say \[redacted:literal\]=*\.$/),
  );

  test("applies configured rules", () => {
    const custom = createRedactor({ rules: [{ name: "badge", pattern: /(badge )(\d+)/ }] });
    expect(custom.text("badge 123, badge 4")).toBe(
      "badge [redacted:badge], badge [redacted:badge]",
    );
  });

  test("passes on nothing when checking fails", () => {
    expect(redactor.text(JSON.parse("null"))).toBe(failed);
  });

  test("refuses a literal that is no secret", () =>
    expect(() => createRedactor({ literals: ["ab"] })).toThrow(/fewer than 6/));

  test("changes nothing when done again", () => {
    fc.assert(
      fc.property(hostileText(), (text) => {
        const once = redactor.text(text);
        expect(redactor.text(once)).toBe(once);
      }),
      { numRuns: 500 },
    );
  });

  test("hides a generated secret wherever it stands", () => {
    fc.assert(
      fc.property(secret(), place(), (value, [before, after]) => {
        expect(redactor.text(`${before}${value}${after}`)).not.toContain(value);
      }),
      { numRuns: 500 },
    );
  });
});

describe("text() takes time that grows with the text alone:", () => {
  test.each([
    "password",
    "password=",
    "token: ",
    "Bearer ",
    "Basic ",
    "eyJ-",
    "eyJ.",
    "sk-",
    "://a:",
    "://",
    "a@",
    "curl -u ",

    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----{",
    "Cookie: ",
    "set-cookie: a=",
    "kind: Secret\n",

    '"data":{',
    "[redacted:token]",
    "name: PASSWORD\n",
    "password: |\n",
    '\\"',
    "$6$",
    "MNO.",
    "a_key ",
    "--token ",

    'password="',
    "secret: >\n ",
    "authorization: ",
    "AKIA",
    "xoxb-",
    "SG.a",
    "x=y,",
    "1:AA",
    "password=x,",
  ])("%s", (part) => {
    const text = part.repeat(400_000 / part.length);
    // Quadratic work on this much text takes far longer than the time limit of a test.
    expect(redactor.text(text)).toBeTypeOf("string");
  });
});

describe("value()", () => {
  test("goes by keys, at any depth", () =>
    expect(
      redactor.value({
        password: "x",
        auth: { token: { value: 12345, ttl: 60 }, secretName: "web" },
        list: [{ name: "DB_PASSWORD", value: "x" }, "Bearer abcdefghijklmnop1"],
        enabled: true,
        n: 1,
      }),
    ).toEqual({
      password: "[redacted:value]",
      auth: { token: { value: "[redacted:value]", ttl: 60 }, secretName: "web" },
      list: [{ name: "DB_PASSWORD", value: "[redacted:value]" }, "Bearer [redacted:authorization]"],
      enabled: true,
      n: 1,
    }));

  test("hides all data of a Kubernetes Secret", () =>
    expect(redactor.value({ kind: "Secret", data: { "user-name": "YQ==" } })).toEqual({
      kind: "Secret",
      data: { "user-name": "[redacted:value]" },
    }));

  test("redacts keys, errors and what has its own JSON form", () => {
    const error = new Error("password=hunter2");
    expect(redactor.value({ "token=abc1": 1 })).toEqual({ "token=[redacted:token]": 1 });
    expect(redactor.value(error)).toMatchObject({ message: "password=[redacted:password]" });
    expect(redactor.value(new URL("http://a:hunter2@h/"))).toBe(
      "http://a:[redacted:url-password]@h/",
    );
    expect(redactor.value(new Uint8Array(3))).toBe("[3 bytes]");
  });

  test("keeps __proto__ an ordinary key", () => {
    const value = redactor.value(JSON.parse('{"__proto__":{"token":"abc"}}'));
    expect(JSON.stringify(value)).toBe('{"__proto__":{"token":"[redacted:value]"}}');
  });

  test("ends on cycles and passes on nothing that is too deep or throws", () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    expect(redactor.value(cycle)).toEqual({ self: "[circular]" });
    expect(redactor.value(JSON.parse("[".repeat(5000) + "]".repeat(5000)))).toBe(failed);
    const throwing = {
      get a(): never {
        throw new Error("secret");
      },
    };
    expect(redactor.value(throwing)).toBe(failed);
  });
});

describe("stream()", () => {
  test("gives the same as text(), wherever the chunks are cut", async () => {
    await fc.assert(
      fc.asyncProperty(hostileText(), fc.integer({ min: 1, max: 40 }), async (text, size) => {
        const whole = new TextDecoder().decode(new TextEncoder().encode(text));
        const streamed = await collect(redactor.stream(chunksOf(text, size)));
        expect(redactor.text(streamed)).toBe(redactor.text(whole));
      }),
      { numRuns: 200 },
    );
  });

  test.each([100_000, 131_072 - 16_384 - 20, 131_060, 300_001])(
    "hides a secret that lies across a border at %i",
    async (before) => {
      for (const secretText of ["password=hunter2hunter2", `ghp_${"a1".repeat(18)}`, privateKey]) {
        const text = `${"lorem ipsum\n".repeat(before / 12)}${secretText}\nend`;
        const streamed = await collect(redactor.stream(chunksOf(text, 4096)));
        expect(streamed).toBe(redactor.text(text));
        expect(streamed).toContain("[redacted:");
      }
    },
  );

  test("never parts a secret from its name", async () => {
    // Around the place where the first window of 131,072 characters is cut, 16,384 before its end.
    for (let before = 114_688 - 30; before <= 114_688; before += 1) {
      const text = `${" ".repeat(before)}password=hunter2hunter2\n${" ".repeat(40_000)}`;
      const streamed = await collect(redactor.stream(chunksOf(text, 4096)));
      expect(streamed.trim()).toBe("password=[redacted:password]");
    }
  });

  test("hides a secret that is longer than what it keeps in memory", async () => {
    for (const head of ["password=", "-----BEGIN PRIVATE KEY-----\n", "Authorization: Bearer "]) {
      const text = `${head}${"Qa1".repeat(200_000)}\n!end`;
      const streamed = await collect(redactor.stream(chunksOf(text, 10_000)));
      expect(streamed).not.toContain("Qa1");
      expect(streamed).toContain("!end");
      expect(streamed.length).toBeLessThan(200);
    }
  });
});

const privateKey = `-----BEGIN PRIVATE KEY-----\n${"MIIEvQIBADANBg\n".repeat(200)}-----END PRIVATE KEY-----`;

function secret(): fc.Arbitrary<string> {
  return fc.stringMatching(/^[A-Za-z0-9]{10,40}$/).map((text) => `${text}Z9z`);
}

function place(): fc.Arbitrary<readonly [string, string]> {
  return fc.constantFrom(
    ["password=", ""],
    ["x api_key: ", " y"],
    ['{"clientSecret":"', '"}'],
    ["--token ", " --x"],
    ["postgres://u:", "@h/d"],
    ["Authorization: Bearer ", "\n"],
    ["Set-Cookie: sid=", "; Path=/"],
    ["apiVersion: v1\nkind: Secret\nstringData:\n  a: ", "\n"],
    ["- name: API_TOKEN\n  value: ", "\n"],
    ["own-token/1+1 password='", "'"],
  );
}

function hostileText(): fc.Arbitrary<string> {
  const fragment = fc.constantFrom(
    "password=",
    "token: ",
    "Bearer ",
    "Basic ",
    "://a:",
    "@",
    "\n",
    '"',
    "\\",
    " ",
    "eyJ",
    "ghp_a1",
    ":",
    ",",

    "kind: Secret\n",
    "data:\n  a: ",
    "-----BEGIN PRIVATE KEY-----",
    "-----END ",
    "Cookie: a=",
    "é😀",
    "$2a$",

    "[redacted:token]",
    "[redacted:",
    "]",
    "own-token/1+1",
    "abcdefghij0123456789",
    "value: ",
    "|\n ",
    "curl -u a:",
  );
  return fc
    .array(fc.oneof(fragment, fc.string({ maxLength: 5 })), { maxLength: 25 })
    .map((parts) => parts.join(""));
}

async function* chunksOf(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return new TextDecoder().decode(Buffer.concat(parts));
}
