import { expect, test } from "vitest";

import {
  cgroupFiles,
  hierarchiesIn,
  oomKillsIn,
  ownPlaceIn,
} from "../../../src/sandbox/bubblewrap/cgroup-files.ts";

const limits = { memoryBytes: 1_000_000, pids: 100, cpus: 0.5 };

test("cgroupFiles() limits memory without swap on top", () => {
  expect(cgroupFiles(1, "memory", limits)).toEqual([
    { name: "memory.limit_in_bytes", value: "1000000" },
    { name: "memory.memsw.limit_in_bytes", value: "1000000", isOptional: true },
    { name: "memory.swappiness", value: "0", isOptional: true },
  ]);
  expect(cgroupFiles(2, "memory", limits)).toEqual([
    { name: "memory.max", value: "1000000" },
    { name: "memory.swap.max", value: "0", isOptional: true },
  ]);
});

test("cgroupFiles() limits processes and CPU time in both versions", () => {
  expect(cgroupFiles(1, "pids", limits)).toEqual(cgroupFiles(2, "pids", limits));
  expect(cgroupFiles(1, "cpu", limits)).toEqual([
    { name: "cpu.cfs_period_us", value: "100000" },
    { name: "cpu.cfs_quota_us", value: "50000" },
  ]);
  expect(cgroupFiles(2, "cpu", limits)).toEqual([{ name: "cpu.max", value: "50000 100000" }]);
});

test("hierarchiesIn() finds where controllers are mounted, alone or together", () => {
  const mountinfo = [
    "22 28 0:20 / /proc rw,nosuid - proc proc rw",
    "31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct",
    "32 30 0:28 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory",
    "33 30 0:29 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd",
    "34 30 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw",
  ].join("\n");
  expect(hierarchiesIn(mountinfo)).toEqual([
    { version: 1, path: "/sys/fs/cgroup/cpu,cpuacct", controllers: ["cpu"] },
    { version: 1, path: "/sys/fs/cgroup/memory", controllers: ["memory"] },
    { version: 1, path: "/sys/fs/cgroup/systemd", controllers: [] },
    { version: 2, path: "/sys/fs/cgroup/unified", controllers: [] },
  ]);
});

test("oomKillsIn() reads the counter of both versions", () => {
  expect(oomKillsIn("low 0\nhigh 0\nmax 9\noom 2\noom_kill 3\noom_group_kill 0\n")).toBe(3);
  expect(oomKillsIn("oom_kill_disable 0\nunder_oom 0\noom_kill 4\n")).toBe(4);
  expect(oomKillsIn("")).toBe(0);
});

test("ownPlaceIn() reads the place in version 2", () => {
  expect(ownPlaceIn("4:memory:/a\n0::/system.slice/bot.service\n")).toBe(
    "/system.slice/bot.service",
  );
  expect(ownPlaceIn("4:memory:/a\n")).toBe("/");
});
