/** What Slack lets an app do in a minute: https://docs.slack.dev/apis/web-api/rate-limits */
export interface Rates {
  /** Counts a call; gives the seconds to wait where it is one too many. */
  take(call: { readonly method: string; readonly channel: string }): number | undefined;
}

/**
 * @param options.factor how many times what Slack publishes; `Infinity` for no limits
 */
export function slackRates({
  now,
  factor,
}: {
  readonly now: () => number;
  readonly factor: number;
}): Rates {
  const buckets = new Map<string, { tokens: number; at: number }>();
  const bucketOf = (name: string, burst: number, perMinute: number) => {
    const known = buckets.get(name) ?? { tokens: burst, at: now() };
    const refilled = ((now() - known.at) * perMinute) / 60_000;
    const bucket = { tokens: Math.min(burst, known.tokens + refilled), at: now() };
    buckets.set(name, bucket);
    return bucket;
  };
  return {
    take({ method, channel }) {
      if (factor === Infinity) return undefined;
      const limits = limitsOf(method, channel).map(({ name, burst, perMinute }) => ({
        perMinute: perMinute * factor,
        bucket: bucketOf(name, burst * factor, perMinute * factor),
      }));
      const waits = limits
        .filter(({ bucket }) => bucket.tokens < 1)
        .map(({ bucket, perMinute }) => ((1 - bucket.tokens) * 60) / perMinute);
      if (waits.length > 0) return Math.max(1, Math.ceil(Math.max(...waits)));
      for (const { bucket } of limits) bucket.tokens -= 1;
      return undefined;
    },
  };
}

interface Limit {
  readonly name: string;
  readonly perMinute: number;
  readonly burst: number;
}

/** A tier counts by method; posts count by their channel, and all of a workspace together. */
function limitsOf(method: string, channel: string): readonly Limit[] {
  if (method === "chat.postMessage")
    return [
      { name: `${method} ${channel}`, perMinute: 60, burst: 5 },
      { name: method, perMinute: 300, burst: 100 },
    ];
  const perMinute = tiers[method] ?? 50;
  return [{ name: method, perMinute, burst: perMinute }];
}

/** Calls per minute, where it is not the third tier. */
const tiers: Readonly<Record<string, number>> = {
  "apps.connections.open": 20,
  "auth.test": 600,
  "assistant.threads.setStatus": 600,
  "assistant.threads.setSuggestedPrompts": 100,
  "assistant.threads.setTitle": 100,
  "chat.appendStream": 100,
  "chat.postEphemeral": 100,
  "chat.startStream": 20,
  "chat.stopStream": 20,
  "files.completeUploadExternal": 100,
  "files.getUploadURLExternal": 100,
  "files.info": 100,
  "oauth.v2.access": 600,
  "usergroups.list": 20,
  "usergroups.users.list": 20,
  "users.info": 100,
  "views.open": 100,
};
