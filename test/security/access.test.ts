import { describe, expect, test } from "vitest";

import { AccessConfig, createAccess, type AccessAction } from "../../src/security/access.ts";

const thread = { platform: "slack", workspace: "T1", channel: "C1" };

const config = {
  admins: ["slack:T1:UADMIN"],
  users: ["slack:T1:U1"],
  roles: ["slack:T1:R1"],
  channels: ["slack:T1:C1"],
};

function allows(
  settings: unknown,
  id: string,
  options: { roles?: string[]; in?: Partial<typeof thread>; action?: AccessAction } = {},
): boolean {
  const { roles = [], action = "use" } = options;
  const access = createAccess(AccessConfig.parse(settings));
  return access.check({ actor: { id, roles }, thread: { ...thread, ...options.in }, action })
    .allowed;
}

describe("check() lets in", () => {
  test("a listed user in a listed channel", () => expect(allows(config, "U1")).toBe(true));

  test("a member of a listed role", () =>
    expect(allows(config, "U9", { roles: ["R0", "R1"] })).toBe(true));

  test("an admin, in any channel, to do anything", () => {
    expect(allows(config, "UADMIN", { in: { channel: "C9" }, action: "admin" })).toBe(true);
    const access = createAccess(AccessConfig.parse(config));
    expect(access.check({ actor: { id: "UADMIN", roles: [] }, thread, action: "approve" })).toEqual(
      {
        allowed: true,
        role: "admin",
      },
    );
  });

  test("everybody of a workspace where the id is *", () => {
    const open = { users: ["slack:T1:*"], channels: ["slack:T1:*"] };
    expect(allows(open, "anyone")).toBe(true);
    expect(allows(open, "anyone", { in: { workspace: "T2" } })).toBe(false);
    expect(allows(open, "anyone", { in: { platform: "discord" } })).toBe(false);
  });
});

describe("check() keeps out", () => {
  test("everybody when nothing is configured", () => {
    for (const action of ["use", "stop", "approve", "admin"] as const)
      expect(allows({}, "UADMIN", { action })).toBe(false);
  });

  test("a stranger, and a user in another channel or workspace", () => {
    expect(allows(config, "U2")).toBe(false);
    expect(allows(config, "U1", { in: { channel: "C2" } })).toBe(false);
    expect(allows(config, "U1", { in: { workspace: "T2" } })).toBe(false);
  });

  test("a user where no channel is listed", () =>
    expect(allows({ users: ["slack:T1:U1"] }, "U1")).toBe(false));

  test("a user from what admins do, and says why", () => {
    expect(allows(config, "U1", { action: "stop" })).toBe(true);
    expect(allows(config, "U1", { action: "approve" })).toBe(false);
    const answer = createAccess(AccessConfig.parse(config)).check({
      actor: { id: "U1", roles: [] },
      thread,
      action: "admin",
    });
    expect(answer).toEqual({ allowed: false, reason: "Only an admin may do this" });
  });

  test.each([
    "u1",
    "U1 ",
    " U1",
    "U1\u200b",
    "\uff35\uff11",
    "U1:",
    "U1%00",
    "slack:T1:U1",
    "*",
    "",
    "__proto__",
    "\ud800",
  ])("the lookalike %j", (id) => expect(allows(config, id)).toBe(false));

  test("an id that poses as two parts", () => {
    const settings = { users: ["slack:T1:U1"], channels: ["slack:T1:C1"] };
    const posing = { platform: "slack", workspace: "T1:U1", channel: "C1" };
    expect(allows(settings, "", { in: posing })).toBe(false);
    expect(allows(settings, "U1", { in: { platform: "slack:T1", workspace: "U1" } })).toBe(false);
  });

  test("a role id among users and the reverse", () => {
    expect(allows(config, "R1")).toBe(false);
    expect(allows(config, "U9", { roles: ["U1"] })).toBe(false);
  });
});

describe("AccessConfig", () => {
  test("takes percent-encoded parts", () => {
    const settings = { users: ["slack:T1:a%3Ab"], channels: ["slack:T1:C1"] };
    expect(allows(settings, "a:b")).toBe(true);
    expect(allows(settings, "a%3Ab")).toBe(false);
  });

  test.each([
    "U1",
    "slack:U1",
    "slack:T1:U1:x",
    "slack:*:U1",
    "*:T1:U1",
    "slack:T1:U*",
    "slack:T1:",
    "slack:T1:%2A",
    "slack:T1:%",
    "slack:T1: U1",
  ])("refuses %s", (entry) =>
    expect(AccessConfig.safeParse({ users: [entry] }).success).toBe(false),
  );

  test("refuses a key that it does not know", () =>
    expect(AccessConfig.safeParse({ user: ["slack:T1:U1"] }).success).toBe(false));
});

describe("approve", () => {
  const settings = { ...config, approvers: ["slack:T1:UBOSS", "slack:T1:RLEADS"] };
  const approve = { action: "approve" } as const;

  test("is for the listed people and roles, in the allowed channels", () => {
    expect(allows(settings, "UBOSS", approve)).toBe(true);
    expect(allows(settings, "U9", { ...approve, roles: ["RLEADS"] })).toBe(true);
    expect(allows(settings, "UBOSS", { ...approve, in: { channel: "C9" } })).toBe(false);
  });

  test("is for no user, and makes none", () => {
    expect(allows(settings, "U1", approve)).toBe(false);
    expect(allows(config, "UBOSS", approve)).toBe(false);
    expect(allows(settings, "UBOSS")).toBe(false);
    expect(allows(settings, "UBOSS", { action: "admin" })).toBe(false);
  });
});

describe("remember", () => {
  const settings = {
    ...config,
    approvers: ["slack:T1:UBOSS"],
    keepers: ["slack:T1:UKEEP", "slack:T1:RKEEP"],
  };
  const remember = { action: "remember" } as const;

  test("is for admins and keepers, who may approve anything", () => {
    expect(allows(settings, "UKEEP", remember)).toBe(true);
    expect(allows(settings, "U9", { ...remember, roles: ["RKEEP"] })).toBe(true);
    expect(allows(settings, "UKEEP", { action: "approve" })).toBe(true);
    expect(allows(settings, "UKEEP", { ...remember, in: { channel: "C9" } })).toBe(false);
    expect(allows(settings, "UKEEP")).toBe(false);
  });

  test("is for no approver, and for no user", () => {
    expect(allows(settings, "UBOSS", remember)).toBe(false);
    expect(allows(settings, "U1", remember)).toBe(false);
  });
});
