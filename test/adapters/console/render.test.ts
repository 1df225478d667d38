import { describe, expect, test } from "vitest";

import { renderProgress, renderTranscript } from "../../../src/adapters/console/render.ts";
import type { Transcript } from "../../../src/adapters/console/transcript.ts";

const at = Date.UTC(2024, 1, 29, 12, 5);
const options = { width: 60, timeZone: "UTC" };
const transcript: Transcript = {
  channel: "ops",
  thread: "t1",
  entries: [
    {
      type: "message",
      id: "m1",
      at,
      kind: "mention",
      actor: { id: "U1", name: "Ada", roles: [] },
      text: "what is in here, and why does it take such a long time to start up?",
      attachments: [{ id: "f1", name: "app.log", bytes: 12_345 }],
    },
    {
      type: "post",
      id: "p1",
      at: at + 60_000,
      key: "k1",
      kind: "answer",
      markdown: "**3** errors:\n\n| error | count |\n|---|--:|\n| timeout | 3 |",
      artifacts: [
        { name: "errors.csv", bytes: 87, mediaType: "text/csv", path: "/data/errors.csv" },
        { name: "old.csv", bytes: 1, mediaType: "text/csv" },
      ],
    },
    { type: "system", id: "m2-denied", at, text: "Only operators may ask" },
    {
      type: "post",
      id: "p2",
      at,
      key: "k2",
      kind: "question",
      markdown: "Go on?",
      artifacts: [],
    },
  ],
  progress: [{ key: "turn-2", markdown: "Reading `app.log`\n(2 of 3)" }],
};

describe("renderTranscript()", () => {
  test("shows a thread as a person sees it", () => {
    expect(renderTranscript(transcript, options)).toMatchInlineSnapshot(`
      "── #ops › t1 ───────────────────────────────────────────────

      Ada (U1)  2024-02-29 12:05
        what is in here, and why does it take such a long time to
        start up?
        📎 app.log (12.3 kB)

      opsthread  2024-02-29 12:06
        3 errors:

        error    count
        ───────  ─────
        timeout      3

        📄 errors.csv (87 B) /data/errors.csv
        📄 old.csv (1 B) no longer kept

      ! Only operators may ask

      opsthread asks  2024-02-29 12:05
        Go on?

      … Reading \`app.log\` (2 of 3)
      "
    `);
  });

  test("uses escape sequences only with color", () => {
    // oxlint-disable-next-line no-control-regex -- an escape sequence begins with a control character
    const escapes = /\u001b\[/;
    expect(renderTranscript(transcript, { ...options, color: true })).toMatch(escapes);
    expect(renderTranscript(transcript, options)).not.toMatch(escapes);
  });

  test("neutralises what could steer the terminal, wherever it comes from", () => {
    const evil = "x\u001b[2J\u009b1m\u202e\r";
    const hostile: Transcript = {
      channel: evil,
      thread: evil,
      entries: [
        {
          type: "message",
          id: "m1",
          at,
          kind: "mention",
          actor: { id: evil, name: evil, roles: [] },
          text: evil,
          attachments: [{ id: "f1", name: evil }],
        },
        {
          type: "post",
          id: "p1",
          at,
          key: "k1",
          kind: "notice",
          markdown: evil,
          artifacts: [{ name: evil, bytes: 1, mediaType: evil, path: evil }],
        },
        { type: "system", id: "m2", at, text: evil },
      ],
      progress: [{ key: "k", markdown: evil }],
    };
    expect(renderTranscript(hostile, options)).not.toMatch(
      // oxlint-disable-next-line no-control-regex -- these are what must not be there
      /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/,
    );
  });
});

describe("renderProgress()", () => {
  test("stays on one line of the terminal", () => {
    expect(renderProgress("Reading\nand *reading* 漢字漢字漢字", { width: 28 })).toBe(
      "… Reading and reading 漢字漢",
    );
  });
});
