import type { World } from "../world.ts";

/** Something that is tried with the peer and with ours. */
export interface Probe {
  readonly id: string;
  /** What is tried. */
  readonly name: string;
  /** What came of it, in a few words. */
  peer(world: World): Promise<string>;
  ours(world: World): Promise<Answer>;
}

export interface Answer {
  readonly text: string;
  /** Whether it is as it should be. */
  readonly holds: boolean;
}
