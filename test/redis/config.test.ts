import { describe, expect, test } from "vitest";

import { parseRedisUrl, redisNameOf } from "../../src/redis/config.ts";

describe("parseRedisUrl()", () => {
  test("reads all parts of a URL", () => {
    expect(parseRedisUrl("rediss://bot:p%40ss@redis.internal:6380/2")).toEqual({
      host: "redis.internal",
      port: 6380,
      db: 2,
      username: "bot",
      password: "p@ss",
      tls: {},
    });
    expect(parseRedisUrl("redis://[::1]")).toEqual({ host: "::1", port: 6379, db: 0 });
  });

  test.each(["localhost:6379", "http://redis", "redis://", "redis://host/one", ""])(
    "refuses %j",
    (url) => {
      expect(() => parseRedisUrl(url)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    },
  );
});

test("redisNameOf() says where Redis is, without passwords", () => {
  const names = [
    redisNameOf("redis://:secret@one"),
    redisNameOf({ cluster: ["redis://:secret@one", "redis://:secret@two:7000"] }),
    redisNameOf({ sentinels: ["redis://:secret@s1:26379"], master: "main", password: "secret" }),
  ];

  expect(names).toEqual(["one:6379", "cluster one:6379, two:7000", 'master "main" of s1:26379']);
});
