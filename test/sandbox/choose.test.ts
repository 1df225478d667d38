import { expect, test, vi } from "vitest";

import {
  type CandidateProbe,
  chooseSandboxes,
  type Isolation,
  type SandboxCandidate,
  selectSandboxes,
} from "../../src/sandbox/choose.ts";
import type { SandboxProvider } from "../../src/sandbox/sandbox.ts";

const signal = new AbortController().signal;

function provider(name: string): SandboxProvider {
  return { name } as SandboxProvider;
}

function works(name: string, isolation: Isolation, runtime?: string): SandboxCandidate {
  const probe = (): Promise<CandidateProbe> =>
    Promise.resolve({ ok: true, open: () => Promise.resolve(provider(name)) });
  return { name, isolation, ...(runtime !== undefined && { runtime }), probe };
}

function lacks(name: string, isolation: Isolation, runtime?: string): SandboxCandidate {
  const probe = (): Promise<CandidateProbe> =>
    Promise.resolve({ ok: false, reason: `no ${name} here`, hint: `install ${name}` });
  return { ...works(name, isolation, runtime), probe };
}

const all = [
  works("docker", "container", "runc"),
  works("bubblewrap", "namespaces"),
  works("virtual", "interpreter"),
];

test("the first candidate that works is opened, and the stronger ones are told with their reasons", async () => {
  const { provider: opened, ...choice } = await chooseSandboxes({
    wanted: "auto",
    candidates: [lacks("docker", "container", "runc"), ...all.slice(1)],
    signal,
  });
  expect(opened.name).toBe("bubblewrap");
  expect(choice).toEqual({
    chosen: "bubblewrap",
    passedOver: [
      { name: "docker", runtime: "runc", reason: "no docker here", hint: "install docker" },
    ],
  });
});

test("a configured driver that does not work is refused, not replaced", async () => {
  const choice = chooseSandboxes({
    wanted: "docker",
    candidates: [lacks("docker", "container"), ...all.slice(1)],
    signal,
  });
  await expect(choice).rejects.toMatchObject({
    code: "SANDBOX_UNSUPPORTED",
    message: 'Cannot open the sandbox "docker": docker: no docker here. install docker',
  });
});

test("a minimum isolation that nothing reaches is refused with the reason of each candidate", async () => {
  const choice = chooseSandboxes({
    wanted: "auto",
    minimumIsolation: "container",
    candidates: [lacks("docker", "container"), ...all.slice(1)],
    signal,
  });
  await expect(choice).rejects.toMatchObject({
    code: "SANDBOX_UNSUPPORTED",
    data: {
      passedOver: [
        { name: "docker", reason: "no docker here" },
        { name: "bubblewrap", reason: expect.stringContaining('"namespaces"') },
        { name: "virtual", reason: expect.stringContaining('"interpreter"') },
      ],
    },
  });
});

test("a candidate under the minimum is not even probed", async () => {
  const weak = works("virtual", "interpreter");
  const probe = vi.spyOn(weak, "probe");
  await selectSandboxes({
    wanted: "auto",
    minimumIsolation: "vm",
    candidates: [weak, works("docker", "vm", "runsc")],
    signal,
  });
  expect(probe).not.toHaveBeenCalled();
});

test("a minimum goes past the preferred candidate to a stronger one", async () => {
  const { chosen } = await selectSandboxes({
    wanted: "docker",
    minimumIsolation: "vm",
    candidates: [works("docker", "container", "runc"), works("docker", "vm", "runsc")],
    signal,
  });
  expect(chosen.runtime).toBe("runsc");
});

test("a configured runtime rules out every other one, and drivers without one", async () => {
  const runtime = "runsc";
  const runsc = works("docker", "vm", runtime);
  const { chosen } = await selectSandboxes({
    wanted: "auto",
    runtime,
    candidates: [...all, runsc],
    signal,
  });
  expect(chosen).toBe(runsc);
  await expect(
    selectSandboxes({ wanted: "auto", runtime, candidates: all, signal }),
  ).rejects.toMatchObject({ code: "SANDBOX_UNSUPPORTED" });
});

test("a probe that throws is a reason, and an abort is not", async () => {
  const broken = works("docker", "container");
  vi.spyOn(broken, "probe").mockRejectedValue(new Error("socket hang up"));
  const { passedOver } = await selectSandboxes({
    wanted: "auto",
    candidates: [broken, ...all.slice(1)],
    signal,
  });
  expect(passedOver).toEqual([{ name: "docker", reason: "socket hang up", hint: "" }]);
  const aborted = AbortSignal.abort(new Error("enough"));
  await expect(
    selectSandboxes({ wanted: "auto", candidates: all, signal: aborted }),
  ).rejects.toThrow("enough");
});

test("a driver that nobody offers is refused by name", async () => {
  await expect(selectSandboxes({ wanted: "firecracker", candidates: all, signal })).rejects.toThrow(
    'Cannot open the sandbox "firecracker": there is no such driver',
  );
});

test("a chosen driver that fails to open is an error, not a reason to take a weaker one", async () => {
  const docker = works("docker", "container");
  vi.spyOn(docker, "probe").mockResolvedValue({
    ok: true,
    open: () => Promise.reject(new Error("no space left")),
  });
  await expect(
    chooseSandboxes({ wanted: "auto", candidates: [docker, ...all.slice(1)], signal }),
  ).rejects.toThrow("no space left");
});
