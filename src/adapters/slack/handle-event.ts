/**
 * Takes what Slack tells. What it resolves with goes along with the acknowledgement; what it rejects is not acknowledged,
 * so that Slack tells it again.
 */
export type HandleEvent = (body: unknown) => Promise<object | undefined>;
