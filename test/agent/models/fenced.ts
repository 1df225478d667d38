import { expect } from "vitest";

/** A text that is shown to a model as data, and as nothing else. */
export const fenced = (text: string): unknown =>
  expect.stringMatching(
    new RegExp(
      String.raw`^<(data-[0-9a-z]{12}) from="[\w.-]+">\n${text.replaceAll(/[^\w ]/g, String.raw`\$&`)}\n</\1>$`,
    ),
  );
