import type { Measured } from "../memory.ts";
import { inChild } from "../memory.ts";
import type { Probe } from "./probe.ts";

/** What large output and large files cost, and what of them the model is given. */
export const outputs: readonly Probe[] = [
  {
    id: "D",
    name: "a command prints 200 MB",
    peer: async ({ image }) => costs(await inChild("output", "peer", image)),
    async ours({ image }) {
      const measured = await inChild("output", "ours", image);
      return {
        text: costs(measured),
        holds: measured.extraMB <= 32 && measured.shownBytes < 20_000,
      };
    },
  },
  {
    id: "D2",
    name: "an agent's command prints 3 MB, and the model names no cap",
    peer: async ({ image }) => shown(await inChild("turn", "peer", image)),
    async ours({ image }) {
      const measured = await inChild("turn", "ours", image);
      return { text: shown(measured), holds: measured.shownBytes < 20_000 };
    },
  },
  {
    id: "E",
    name: "10 bytes of a file of 200 MB are read",
    peer: async ({ image }) => costs(await inChild("read", "peer", image)),
    async ours({ image }) {
      const measured = await inChild("read", "ours", image);
      return { text: costs(measured), holds: measured.extraMB <= 32 && measured.ms < 1_000 };
    },
  },
];

const shown = ({ shownBytes }: Measured): string =>
  `the model is given ${shownBytes.toLocaleString("en-US")} bytes`;

const costs = (measured: Measured): string =>
  `${(measured.ms / 1000).toFixed(2)} s, +${Math.round(measured.extraMB)} MB, ${shown(measured)}`;
