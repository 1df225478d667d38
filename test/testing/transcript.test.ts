import { expect, test } from "vitest";

import { slackTwin } from "../../src/testing/slack-twin/slack-twin.ts";
import { transcriptPage, type TranscriptMessage } from "../../src/testing/transcript.ts";

const message: TranscriptMessage = {
  author: "ann",
  isBot: false,
  at: Date.UTC(2026, 10, 26, 10, 1, 2),
  html: "<p>hello</p>",
  notes: [],
  buttons: [],
  files: [],
  reactions: [],
};
const pageOf = (given: Partial<TranscriptMessage>, place = "#ops"): string =>
  transcriptPage({ title: "T", threads: [{ place, messages: [{ ...message, ...given }] }] });

test("a page shows who said what when, and what became of it", () => {
  const page = pageOf({
    notes: ["edited"],
    buttons: [{ label: "Deny", style: "danger" }],
    reactions: ["👍 2"],
    earlier: [{ at: 0, html: "<p>helo</p>" }],
  });
  for (const part of ["ann", "10:01:02", "<p>hello</p>", "<p>helo</p>", "edited", "Deny", "👍 2"])
    expect(page).toContain(part);
  expect(pageOf({ notes: ["deleted"] })).toContain('class="message deleted"');
});

test("nothing but the twin's own markup acts on the page, and nothing is loaded", () => {
  const evil = `"><script>alert(1)</script>'`;
  const page = transcriptPage({
    title: evil,
    threads: [
      {
        place: evil,
        messages: [
          {
            ...message,
            author: evil,
            notes: [evil],
            buttons: [{ label: evil }],
            reactions: [evil],
            files: [{ name: evil, mediaType: evil, bytes: Buffer.from(evil) }],
          },
        ],
      },
    ],
  });
  expect(page).not.toContain("<script");
  expect(page).not.toContain(`"><`.repeat(2));
  expect(page).not.toMatch(/(?:src|href)="(?!data:image\/)/);
});

test("images are in the page, texts begin in it, other bytes are named", () => {
  const png = Buffer.from("89504e470d0a1a0a", "hex");
  const text = Buffer.from(Array.from({ length: 40 }, (_, line) => `line-${line}.`).join("\n"));
  const page = pageOf({
    files: [
      { name: "a.png", mediaType: "image/png", bytes: png },
      { name: "a.log", bytes: text },
      { name: "a.bin", bytes: Uint8Array.of(0, 1, 2) },
    ],
  });
  expect(page).toContain(`data:image/png;base64,${png.toString("base64")}`);
  expect(page).toContain("line-0.");
  expect(page).not.toContain("line-39.");
  expect(page).toMatch(/a\.bin <span class="size">3 bytes<\/span><\/div><\/div>/);
});

test("a Slack tells all that happened, with its markup drawn and escaped", async () => {
  await using slack = await slackTwin();
  const place = slack.say({ text: "*bold* <b>", user: "UANN", mention: true });
  const call = async (method: string, args: Record<string, string>): Promise<void> => {
    await fetch(slack.apiUrl + method, {
      method: "POST",
      headers: { authorization: `Bearer ${slack.botToken}` },
      body: new URLSearchParams({ channel: place.channel, ...args }),
    });
  };
  const inThread = { thread_ts: place.thread };
  const text =
    "<https://a.example/?x=1&amp;y=2|a *link*> `co*d*e` <!here> _it_\n> quoted\n```a<b```";
  await call("chat.postMessage", { ...inThread, text: "first" });
  const posted = slack.thread(place).at(-1)?.ts ?? "";
  await call("chat.update", { ts: posted, text });
  await call("chat.delete", { ts: posted });
  await call("chat.postEphemeral", { ...inThread, user: "UANN", text: "psst" });

  const [thread] = slack.transcript("Run").threads;
  expect(thread?.place).toBe("#ops");
  const [asked, answer, whisper] = thread?.messages ?? [];
  expect(asked).toMatchObject({ author: "UANN", isBot: false });
  expect(asked?.html).toBe('<p><span class="mention">@opsthread</span> <b>bold</b> &lt;b&gt;</p>');
  expect(answer).toMatchObject({ isBot: true, notes: ["edited", "deleted"] });
  expect(answer?.earlier?.map(({ html }) => html)).toEqual(["<p>first</p>"]);
  expect(answer?.html).toBe(
    '<p><a href="https://a.example/?x=1&amp;y=2">a *link*</a> <code>co*d*e</code> ' +
      '<span class="mention calls-all">@here</span> <i>it</i></p>' +
      "<blockquote>quoted</blockquote><pre>a&lt;b</pre>",
  );
  expect(whisper).toMatchObject({ html: "<p>psst</p>", notes: ["only visible to UANN"] });
});
