import { expect, test } from "vitest";

import { discordHtml } from "../../src/testing/discord-twin/markdown-html.ts";

const html = (markdown: string): string => discordHtml(markdown, (id) => `user ${id}`);

test.each([
  ["**went wrong: `a < b` (1)**", "<b>went wrong: <code>a &lt; b</code> (1)</b>"],
  [String.raw`**\*** and \`no code\``, "<b>*</b> and `no code`"],
  [String.raw`code keeps it: ${"`"}a\*b${"`"}`, String.raw`code keeps it: <code>a\*b</code>`],
  ["``a`b`` *it*", "<code>a`b</code> <i>it</i>"],
  ["<@7> in [`x`](<https://e.test/?a=1&b=2>)", "<b>@user 7</b> in <u><code>x</code></u>"],
  ["<b>", "&lt;b&gt;"],
])("%s", (markdown, expected) => {
  expect(html(markdown)).toBe(expected);
});
