import { expect, test } from "vitest";

import { problemOf } from "../../src/redis/first-connection.ts";

const sentinels = { sentinels: ["redis://s1:26379"], master: "main" };

test.each([
  ["redis://a", "NOAUTH HELLO must be called", "it wants a password, expected one in the URL"],
  ["redis://:x@a", "WRONGPASS invalid username-password pair", "the user or the password is wrong"],
  ["rediss://a", "self-signed certificate in certificate chain", "NODE_EXTRA_CA_CERTS"],
  ["rediss://a", "connect ETIMEDOUT", '"redis://" is for one that does not'],
  ["redis://a", "write ECONNRESET", '"rediss://" is for one that speaks TLS'],
  ["redis://a/99", "ERR DB index is out of range", "it has no such database"],
  ["redis://a", "connect ECONNREFUSED", "connect ECONNREFUSED, expected a server that answers"],
  [sentinels, "All … Last error: ERR No such master with that name", 'no master "main"'],
  [sentinels, "ERR unknown command 'sentinel'", "that is no sentinel"],
  [
    sentinels,
    "All sentinels are unreachable. Retrying from scratch after 10ms. Last error: Connection is closed.",
    "none of the sentinels answers",
  ],
])("of %j with %j it tells what to do", (redis, said, advice) => {
  expect(problemOf(new Error(said), redis)).toContain(advice);
});

test("of a Cluster it tells what its nodes said", () => {
  const error = Object.assign(new Error("Failed to refresh slots cache."), {
    lastNodeError: new Error("ERR This instance has cluster support disabled"),
  });

  expect(problemOf(error, { cluster: ["redis://a"] })).toContain("it is no node of a Cluster");
});
