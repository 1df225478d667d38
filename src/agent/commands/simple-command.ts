/** One word of a command as far as its text says: {@link unknownText} stands for what is only known when it runs. */
export interface CommandWord {
  readonly value: string;
  /** How many words it can become: an expansion without quotes none or several, a glob one or several. */
  readonly count: "one" | "some" | "any";
}

/** One command that a command line may run. */
export interface SimpleCommand {
  /** As it is written. */
  readonly text: string;
  readonly words: readonly CommandWord[];
  /** Why its words don't tell what it runs. */
  readonly opaque?: string;
  /** It does nothing but to run commands that stand beside it, as whoever it is run by. */
  readonly transparent?: boolean;
}

/** Any text. It can stand in no command. */
export const unknownText = "\0";

export const word = (value: string): CommandWord => ({ value, count: "one" });

export const isKnown = ({ value, count }: CommandWord): boolean =>
  count === "one" && !value.includes(unknownText);
