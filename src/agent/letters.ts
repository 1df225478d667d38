/** Things that running calls hand over; whoever hands one over waits until it is taken care of. */
export interface Letters<Content> {
  /** @throws the reason of {@link Letters.close}, when nobody takes it any more */
  send(content: Content): Promise<void>;
  /** Resolves when there is something to take. */
  arrived(): Promise<undefined>;
  take(): { readonly content: Content; readonly done: () => void } | undefined;
  close(reason: unknown): void;
}

export function createLetters<Content>(): Letters<Content> {
  const waiting: Letter<Content>[] = [];
  const taken = new Set<Letter<Content>>();
  let closed: { readonly reason: unknown } | undefined;
  let ring = (): void => {};
  return {
    send(content) {
      return new Promise((resolve, reject: (reason: unknown) => void) => {
        if (closed) return reject(closed.reason);
        waiting.push({ content, resolve, reject });
        ring();
      });
    },
    arrived() {
      return new Promise((resolve) => {
        ring = () => resolve(undefined);
        if (waiting.length > 0) ring();
      });
    },
    take() {
      const letter = waiting.shift();
      if (!letter) return undefined;
      taken.add(letter);
      const done = (): void => {
        taken.delete(letter);
        letter.resolve();
      };
      return { content: letter.content, done };
    },
    close(reason) {
      closed = { reason };
      for (const { reject } of [...taken, ...waiting.splice(0)]) reject(reason);
      taken.clear();
    },
  };
}

interface Letter<Content> {
  readonly content: Content;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}
