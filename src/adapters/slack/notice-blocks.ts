import { fenced } from "../../core/fence.ts";
import type { Notice } from "../../core/post.ts";
import { context, section, type SlackBlock } from "./blocks.ts";
import { escaped, mrkdwn } from "./mrkdwn.ts";
import { sectionsOf } from "./sections.ts";

/** That a turn was stopped or failed: what, why, and what can be done now. */
export function noticeBlocks({ type, title, detail, hint }: Notice): readonly SlackBlock[] {
  // However it is escaped, a section takes it.
  const short = escaped(title.replaceAll(/\s+/g, " ").slice(0, maxTitle));
  return [
    section(`${icons[type]} ${mrkdwn.strong(short)}`),
    // What failed says so in its own words, which may be anything.
    ...(detail === undefined || detail.trim() === ""
      ? []
      : type === "failed"
        ? sectionsOf(fenced(detail)).map(section)
        : [section(escaped(detail.slice(0, maxTitle)))]),
    ...(hint === undefined ? [] : [context([hint])]),
  ];
}

const icons = { stopped: "🛑", failed: "⚠️" };
const maxTitle = 500;
