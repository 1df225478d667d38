/** Finds out who does not beat any more. In real time, whatever the twin's clock says: so is the client's heart. */
export function heartbeatWatch(
  heartbeatMs: number,
  onLate: () => void,
): { readonly beat: () => void; readonly stop: () => void } {
  const timer = setTimeout(onLate, heartbeatMs * patience).unref();
  return { beat: () => void timer.refresh(), stop: () => clearTimeout(timer) };
}

/** A client finds a dead line after two beats; Discord does before. */
const patience = 1.5;
