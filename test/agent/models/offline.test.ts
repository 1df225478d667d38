import { expect, test } from "vitest";

import { offlineModel } from "../../../src/agent/models/offline.ts";
import { Stopped } from "../../../src/core/abort.ts";
import {
  callsOf,
  conversation,
  diffData,
  ok,
  taskResult,
  tools,
} from "./offline/conversation-builder.ts";

const log = ["attachments/app.log.1.gz"];
const configs = ["attachments/deploy-v2.yaml", "attachments/deploy-v1.yaml"];
const pair = { before: "attachments/deploy-v1.yaml", after: "attachments/deploy-v2.yaml" };
const reads = (input: object) => ({
  tool: "run_task",
  task: "logs",
  input: { files: log, ...input },
});
const compares = { tool: "run_task", task: "diff", input: { pairs: [pair] } };

test("a question about attached logs runs the logs task, and its summary is the answer", async () => {
  const talk = conversation();
  talk.says("WHAT WENT WRONG?? 😱", log);
  const first = await talk.step();
  expect(callsOf(first)).toEqual([reads({})]);
  expect(first).toMatchObject({ text: "", usage: { inputTokens: 0, outputTokens: 0 } });
  talk.results(taskResult("logs", "**The pool ran dry** at `app.log.1.gz:812`\n\n---\n\nmore"));
  expect(await talk.step()).toMatchObject({
    text: "**The pool ran dry** at `app.log.1.gz:812`\n\n---\n\nmore",
    toolCalls: [],
  });
});

test.each([
  ["what happened here", log, [reads({})]],
  ["", log, [reads({})]],
  ["only erorrs since 14:00 pls", log, [reads({ since: "14:00", levels: ["fatal", "error"] })]],
  ["what changed?", configs, [compares]],
  ["", configs, [compares]],
  ["what's wrong here?", configs, [compares]],
  ["Diffrence?", configs, [compares]],
  ["what broke checkout, and what changed?", [...log, ...configs], [reads({}), compares]],
  [
    "from deploy-v2.yaml to deploy-v1.yaml",
    configs,
    [
      {
        tool: "run_task",
        task: "diff",
        input: { pairs: [{ before: pair.after, after: pair.before }] },
      },
    ],
  ],
  [
    "diff deploy-v2 deploy-v1",
    configs,
    [
      {
        tool: "run_task",
        task: "diff",
        input: { pairs: [{ before: pair.after, after: pair.before }] },
      },
    ],
  ],
  ["why does it fail with: cannot open /etc/app/config.yaml", log, [reads({})]],
  ["nginx is down, see config.yaml:3", log, [reads({})]],
  ["run df -h", [], [{ tool: "shell", command: "df -h" }]],
  ["read notes.txt lines 5-9", [], [{ tool: "read_file", path: "notes.txt", offset: 5, limit: 5 }]],
  ["files?", [], [{ tool: "list_files" }]],
  ["attach out/x.csv", [], [{ tool: "attach_file", path: "out/x.csv" }]],
  ["deploys", [], [{ tool: "run_task", task: "deploys", input: {} }]],
] as const)("%j with %j", async (text, files, expected) => {
  const talk = conversation();
  talk.says(text, files);
  expect(callsOf(await talk.step())).toEqual(expected);
});

const around = { around: "first-error", context: 8 };

test.each([
  ["what happened before the first error?", reads(around)],
  ["why did it crash?", reads(around)],
  ["around line 1234 of app.log", reads({ around: `${log[0]}:1234`, context: 8 })],
  ["5 lines around line 1234", reads({ around: `${log[0]}:1234`, context: 5 })],
  ["only errors", reads({ levels: ["fatal", "error"] })],
  ["between 14:00 and 14:10", reads({ since: "14:00", until: "14:10" })],
  ["how many timeouts?", reads({ match: "/time[ds]?[ _-]?out/i" })],
  ["grep 'pool exhausted'", reads({ match: "pool exhausted" })],
  ["again please", reads({})],
  ["why does it say config.yaml is missing", reads(around)],
])("after a look at logs, %j reads the same files", async (text, expected) => {
  const talk = conversation();
  talk.says("look", log);
  await talk.step();
  talk.results(taskResult("logs", "Fine."));
  await talk.step();
  talk.says(text);
  expect(callsOf(await talk.step())).toEqual([expected]);
});

test("a line number without a file is asked back where there are several", async () => {
  const talk = conversation();
  talk.says("look", ["attachments/a.log", "attachments/b.log"]);
  await talk.step();
  talk.results(taskResult("logs", "Fine."));
  await talk.step();
  talk.says("around line 12");
  expect((await talk.step()).text).toContain("Line 12 of which file? I have `a.log`, `b.log`.");
  talk.says("line 12 of b.log");
  expect(callsOf(await talk.step())).toMatchObject([
    { input: { files: ["attachments/b.log"], around: "attachments/b.log:12" } },
  ]);
});

test("the lines around a place and the number of entries come first in the answer", async () => {
  const talk = conversation();
  talk.says("look", log);
  await talk.step();
  talk.results(taskResult("logs", "Fine."));
  await talk.step();

  talk.says("what happened before the first error?");
  await talk.step();
  const lines = [
    { at: "app.log:9", text: "pool size 10 → 2" },
    { at: "app.log:10", text: "ERROR `boom`" },
  ];
  talk.results(
    taskResult("logs", "Summary.", {
      lines: { total: 20, events: 20 },
      around: { at: "app.log:10", lines },
    }),
  );
  expect((await talk.step()).text).toBe(
    "*`app.log.1.gz`: around the first error*\n\n`app.log:10` and the lines around it:\n\n```\n   9  pool size 10 → 2\n> 10  ERROR `boom`\n```",
  );

  talk.says("how many timeouts?");
  await talk.step();
  talk.results(taskResult("logs", "Summary.", { lines: { total: 120_000, events: 37 } }));
  expect((await talk.step()).text).toBe(
    "**37** entries in 120,000 lines.\n\n*`app.log.1.gz`: matching `/time[ds]?[ _-]?out/i`*\n\nSummary.",
  );
});

async function comparedTalk() {
  const talk = conversation();
  talk.says("what changed", configs);
  await talk.step();
  talk.results(taskResult("diff", "**4 differences**", diffData));
  expect((await talk.step()).text).toBe("**4 differences**");
  return talk;
}

test.each([
  [
    "what changed in replicas?",
    "**1 change** in `replicas`:\n\n- `spec.replicas` `2` → `5` (`deploy-v2.yaml:7`)",
  ],
  [
    "what about memory limits?",
    "**1 change** in `memory limits`:\n\n- `Deployment/web` `spec.containers[web].resources.limits.memory` `1Gi` → `512Mi`, halved",
  ],
  [
    "did the image change?",
    "**1 change** in `image`:\n\n- `spec.sidecar` added: `{image: proxy:1, port: 80}`",
  ],
  ["password?", "**1 change** in `password`:\n\n- `data.password` secret changed"],
  ["what changed in the ingress?", "Nothing changed in `ingress`: none of the 4 changes is there."],
])("after a comparison, %j is answered from its data", async (text, expected) => {
  const talk = await comparedTalk();
  talk.says(text);
  expect(await talk.step()).toMatchObject({ text: expected, toolCalls: [] });
});

test("a comparison whose data is gone is made again, and answers just the question", async () => {
  const talk = await comparedTalk();
  const at = talk.items.findIndex((item) => item.type === "tool-result");
  const item = talk.items[at];
  if (item?.type !== "tool-result") throw new Error("There is no result");
  talk.items[at] = { ...item, result: ok("[900 characters, now in .opsthread/outputs/x.txt]") };
  talk.says("what changed in replicas?");
  expect(callsOf(await talk.step())).toEqual([compares]);
  talk.results(taskResult("diff", "**4 differences**", diffData));
  expect((await talk.step()).text).toMatch(/^\*\*1 change\*\* in `replicas`/);
});

test("a second version that is attached later is compared with the first", async () => {
  const talk = conversation();
  talk.says("here is the config", ["attachments/deploy-v1.yaml"]);
  expect((await talk.step()).text).toContain("I have just `deploy-v1.yaml` to compare");
  talk.says("and the new one", ["attachments/deploy-v2.yaml"]);
  expect(callsOf(await talk.step())).toEqual([compares]);
});

test("several messages are handled in one step and answered in their order", async () => {
  const talk = conversation();
  talk.says("", log);
  talk.says("what went wrong?");
  talk.says("what went wrong?");
  talk.says("$ uptime");
  talk.says("hello");
  const { toolCalls } = await talk.step();
  expect(toolCalls.map(({ callId, tool }) => [callId, tool])).toEqual([
    ["call_1_1", "run_task"],
    ["call_1_2", "shell"],
  ]);
  talk.results(
    taskResult("logs", "All is well."),
    ok("exit code 0 · 3 ms\nstdout: 5 bytes\nup 1d\nstderr: empty"),
  );
  const { text } = await talk.step();
  expect(text).toMatch(
    /^> what went wrong\?\n\nAll is well\.\n\n> \$ uptime\n\n`uptime`: exit code 0 · 3 ms\n\n```\nup 1d\n```\n\n> hello\n\nHello\./,
  );
});

test("a message that came while a tool ran gets its own calls, and both are answered", async () => {
  const talk = conversation();
  talk.says("what went wrong?", log);
  await talk.step();
  talk.results(taskResult("logs", "The pool ran dry."));
  talk.says("only errors");
  const { toolCalls } = await talk.step();
  expect(toolCalls).toMatchObject([{ callId: "call_2_1" }]);
  talk.results(taskResult("logs", "Two errors."));
  expect((await talk.step()).text).toBe(
    "> what went wrong?\n\nThe pool ran dry.\n\n> only errors\n\n*`app.log.1.gz`: level fatal or error*\n\nTwo errors.",
  );
});

test("what was asked in a turn that ended without an answer is over, its files stay known", async () => {
  const talk = conversation();
  talk.says("what went wrong?", log);
  await talk.step();
  talk.results({ status: "stopped", output: "Ended before it was done." });
  talk.note("The turn ended: stopped.");
  talk.says("hello");
  expect((await talk.step()).text).toMatch(/^Hello\./);
  talk.says("only errors");
  expect(callsOf(await talk.step())).toEqual([reads({ levels: ["fatal", "error"] })]);
});

test("failed, stopped and unknown results are told as what they are", async () => {
  const talk = conversation();
  talk.says("logs nope.log");
  talk.says("run make");
  talk.says("run sleep 99");
  talk.says("run false");
  await talk.step();
  talk.results(
    { status: "failed", output: 'Task "logs": exit code 1\nNo file matches nope.log' },
    { status: "stopped", output: "Ended before it was done." },
    { status: "unknown", output: "Interrupted, outcome unknown." },
    {
      status: "failed",
      output: "exit code 1 · 2 ms\nstdout: empty\nstderr: empty",
      measures: { exitCode: 1 },
    },
  );
  const { text } = await talk.step();
  expect(text).toContain(
    'The task `logs` failed:\n\n> Task "logs": exit code 1\n> No file matches nope.log\n\n`files` lists',
  );
  expect(text).toContain("`make` was stopped before it was done, so there is no result.");
  expect(text).toContain(
    "`sleep 99` was interrupted, and it is **not known whether it finished**.",
  );
  expect(text).toContain("`false`: exit code 1 · 2 ms, no output");
});

test("a task that met its limit is told how to go on", async () => {
  const talk = conversation();
  talk.says("look", log);
  await talk.step();
  const measures = { timedOutAfterMs: 900_000 };
  talk.results({ status: "failed", output: "timed out at its limit of 15 min", measures });
  expect((await talk.step()).text).toContain("fewer files, or a narrower time with `since`");
});

test("notes are told with the answer, budget notes only once nothing more can be done", async () => {
  const talk = conversation();
  talk.says("what happened?");
  talk.note('Attachment "app.log": Cannot read attachment "app.log": it is too large');
  talk.note("The budget of this turn is nearly spent (49 of 60 steps). Come to a conclusion.");
  const { text } = await talk.step();
  expect(text).toContain("I have no log files to read here yet.");
  expect(text).toContain('\n\n> Note: Attachment "app.log": Cannot read attachment');
  expect(text).not.toContain("budget");
});

test("without tools it gives final words, and says what is left undone", async () => {
  const talk = conversation();
  talk.says("what went wrong?", log);
  await talk.step();
  talk.results(taskResult("logs", "The pool ran dry."));
  talk.says("only errors");
  talk.note(
    "The budget of this turn is spent (60 of 60 steps). Tools are no longer available. Give your final answer now, and say what is left undone.",
  );
  const response = await talk.step({ tools: [], toolChoice: "none" });
  expect(response.toolCalls).toEqual([]);
  expect(response.text).toBe(
    "> what went wrong?\n\nThe pool ran dry.\n\n> only errors\n\nLeft undone: I would have run the task `logs` for this, but no tool may be used any more in this turn. Ask again to have it done.\n\n> Note: The budget of this turn is spent (60 of 60 steps).",
  );
});

test("it says what it is, and never pretends to have understood", async () => {
  const talk = conversation();
  for (const text of ["how is the weather", "write me a poem", "ist alles gut?", "restart nginx"]) {
    talk.says(text);
    const response = await talk.step();
    expect(response.toolCalls).toEqual([]);
    expect(response.text).toMatch(
      /^(?:I did not understand that|That is not something I can do)\. I am the offline planner: no language model is configured/,
    );
  }
  talk.says("help");
  expect((await talk.step()).text).toMatchInlineSnapshot(`
    "I am the offline planner: no language model is configured, so I understand commands and plain questions about logs and configs, and nothing beyond that.

    What I can do here:

    - **Read logs**: attach them and ask *what went wrong?*, or \`logs app.log since 10:00 until 11:00 level error match "timeout"\`.
      Then go on: *what happened before the first error?*, *only errors*, *between 14:00 and 14:10*, *how many timeouts?*, *around line 1234 of app.log*.
    - **Compare configs**: attach both versions and ask *what changed?*, or \`diff old.yaml new.yaml\`. Then go on: *what changed in replicas?*
    - **The deploys**: \`deploys {"input": "as JSON"}\`
    - **Run a command** in the sandbox: \`run df -h\` or \`$ df -h\`.
    - **Read a file**: \`read app.log\`, \`read app.log lines 100-150\`.
    - **List files**: \`files\`, \`files /sources\`.
    - **Get a file** from the workspace: \`attach report.csv\`."
  `);
});

test("help offers only what there is", async () => {
  const talk = conversation();
  talk.says("help");
  const { text } = await talk.step({ tools: tools.filter(({ name }) => name === "list_files") });
  expect(text).toContain("**List files**");
  expect(text).not.toMatch(/Read logs|Compare|Run a command/);
  talk.says("run ls");
  expect((await talk.step({ tools: [] })).text).toBe(
    "I cannot do that here: the tool `shell` is not available.",
  );
});

test("sources are known from the instructions", async () => {
  const instructions =
    "Sources, read-only:\n- /sources/nginx: web logs\n- /sources/checkout-api: API";
  const talk = conversation({ instructions });
  talk.says("what is wrong with the checkout-api?");
  expect(callsOf(await talk.step())).toMatchObject([
    { input: { files: ["/sources/checkout-api/**/*"] } },
  ]);
  const other = conversation({ instructions });
  other.says("logs nginx since 10:00 until 10:30 level error");
  expect(callsOf(await other.step())).toMatchObject([
    { input: { files: ["/sources/nginx/**/*"], since: "10:00", until: "10:30" } },
  ]);
  const attached = conversation({ instructions });
  attached.says("nginx is down, see the file", log);
  expect(callsOf(await attached.step())).toEqual([reads({})]);
  const third = conversation({ instructions });
  third.says("what went wrong?");
  expect((await third.step()).text).toContain("name a source (`nginx`, `checkout-api`)");
});

test("a day in words is not taken for a filter, and that is said", async () => {
  const talk = conversation();
  talk.says("what happened yesterday?", log);
  expect(callsOf(await talk.step())).toEqual([reads({})]);
  talk.results(taskResult("logs", "Fine."));
  expect((await talk.step()).text).toContain('I did not filter by "yesterday"');
});

test("files that it cannot read are named", async () => {
  const talk = conversation();
  talk.says("what is wrong here?", ["attachments/shot.png"]);
  expect((await talk.step()).text).toContain("I cannot read `shot.png`");
});

test("calls of another model are reported as they are", async () => {
  const talk = conversation();
  talk.says("what happened before the first error?", log);
  const calls = [
    { callId: "x", tool: "shell", args: '{"command":"zcat app.log.1.gz"}' },
    { callId: "y", tool: "weather", args: "not json" },
  ];
  talk.items.push({
    type: "assistant",
    response: { text: "", toolCalls: calls, usage: { inputTokens: 9, outputTokens: 9 } },
  });
  talk.results(ok("exit code 0\nstdout: 2 bytes\nhi\nstderr: empty"), {
    status: "failed",
    output: "rain",
  });
  expect((await talk.step()).text).toMatch(
    /^`zcat app\.log\.1\.gz`: exit code 0\n\n```\nhi\n```\n\n`weather` failed:\n\n> rain/,
  );
});

test("output that holds a fence cannot end its block, and long output is cut with a word", async () => {
  const talk = conversation();
  talk.says("$ cat x.md");
  await talk.step();
  talk.results(ok(`exit code 0\nstdout: 9 KiB\n\`\`\`\n${"y".repeat(9000)}\nstderr: empty`));
  const { text } = await talk.step();
  expect(text).toMatch(/\n````\n```\ny+/);
  expect(text).toMatch(/bytes left out/);
  expect(text.length).toBeLessThan(3200);
});

test.each([
  "*",
  "/",
  "a.",
  "please ",
  "errors and ",
  "12:00-",
  "did the ",
  "`",
  "<http://a|",
  "before ",
])("a text of thousands of %j is answered", async (part) => {
  const talk = conversation();
  talk.says("look", log);
  await talk.step();
  talk.results(taskResult("logs", "Fine."));
  await talk.step();
  talk.says(`${part.repeat(40_000 / part.length)}x?`);
  await expect(talk.step()).resolves.toBeDefined();
});

test("a long command is run whole", async () => {
  const talk = conversation();
  const command = `echo ${"x".repeat(9000)} end`;
  talk.says(`$ ${command}`);
  expect(callsOf(await talk.step())).toEqual([{ tool: "shell", command }]);
});

test("nothing is answered once the signal has aborted", async () => {
  const stop = new AbortController();
  stop.abort(new Stopped("stop"));
  const request = {
    instructions: "",
    items: [],
    tools: [],
    toolChoice: "auto",
    sessionKey: "",
    stepKey: "",
  } as const;
  const events = offlineModel({ tasks: [] }).respond(request, { signal: stop.signal });
  await expect(events[Symbol.asyncIterator]().next()).rejects.toBe(stop.signal.reason);
});
