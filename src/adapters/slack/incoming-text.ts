/** What a person typed, out of what Slack makes of it: https://docs.slack.dev/messaging/formatting-message-text */
export function typedText(text: string, botUserId: string): string {
  const named = new RegExp(`^\\s*<@${botUserId}(?:\\|[^>]*)?>[ \\t]*`);
  return text
    .replace(named, "")
    .replaceAll(/<([^<>]*)>/g, (_, inner: string) => shown(inner))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}

/** What stands in angle brackets: a person, a channel, a group, a link. What a person types as such comes escaped. */
function shown(inner: string): string {
  const [target = "", label] = inner.split("|", 2);
  if (target.startsWith("@")) return `<${target}>`;
  if (target.startsWith("#")) return label ? `#${label}` : `<${target}>`;
  if (target.startsWith("!")) return label ?? `@${target.slice(1).split("^")[0]}`;
  const url = target.replace(/^mailto:/, "");
  return label === undefined || label === url || target.endsWith(`://${label}`)
    ? url
    : `${label} (${url})`;
}

/** Whether Slack's text names the bot. */
export const mentions = (text: string, botUserId: string): boolean =>
  text.includes(`<@${botUserId}>`) || text.includes(`<@${botUserId}|`);
