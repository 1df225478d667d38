import type { DiscordState } from "./state.ts";

/** Takes a thread away, and what it began at, as if it had never been. */
export function forget(
  state: DiscordState,
  { channel, thread }: { readonly channel: string; readonly thread: string },
): void {
  const parent = state.channel(channel);
  state.guildOf(parent?.guildId).channels.delete(thread);
  const at = parent?.messages.findIndex(({ id }) => id === thread) ?? -1;
  if (at !== -1) parent?.messages.splice(at, 1);
  const isOf = (channelId: string, id: string): boolean => channelId === thread || id === thread;
  for (const [nonce, { message }] of state.nonces)
    if (isOf(message.channelId, message.id)) state.nonces.delete(nonce);
  for (let index = state.deleted.length - 1; index >= 0; index -= 1) {
    const message = state.deleted[index]?.message;
    if (message && isOf(message.channelId, message.id)) state.deleted.splice(index, 1);
  }
}
