/** What may be called how often, a little below what Slack publishes: https://docs.slack.dev/apis/web-api/rate-limits */
export interface Rate {
  readonly name: string;
  /** Calls in any minute, those at once included. */
  readonly perMinute: number;
  /** Calls at once. */
  readonly burst: number;
}

/** The rates that a call counts for. Posts count by channel, and all of a workspace; everything else by method. */
export function ratesOf(
  { method, channel }: { readonly method: string; readonly channel: string },
  factor: number,
): readonly Rate[] {
  const rate = (name: string, perMinute: number, burst: number): Rate => ({
    name,
    perMinute: perMinute * factor,
    burst: Math.max(1, Math.floor(burst * factor)),
  });
  if (method === "chat.postMessage")
    return [rate(`${method} ${channel}`, 60, 4), rate(method, 300, 60)];
  const perMinute = tiers[method] ?? thirdTier;
  return [rate(method, perMinute, perMinute / 4)];
}

const thirdTier = 50;
/** Calls per minute of methods that are not of the third tier. */
const tiers: Readonly<Record<string, number>> = {
  "apps.connections.open": 20,
  "assistant.threads.setStatus": 600,
  "assistant.threads.setSuggestedPrompts": 100,
  "assistant.threads.setTitle": 100,
  "auth.test": 300,
  "chat.appendStream": 100,
  "chat.postEphemeral": 100,
  "chat.startStream": 20,
  "chat.stopStream": 20,
  "files.completeUploadExternal": 100,
  "files.getUploadURLExternal": 100,
  "files.info": 100,
  "usergroups.list": 20,
  "usergroups.users.list": 20,
  "users.info": 100,
  "views.open": 100,
};
