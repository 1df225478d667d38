type Encoding = "utf8" | "utf-8" | "ascii" | "binary" | "base64" | "hex" | "latin1";
type HowToCode = Encoding | { encoding?: Encoding | null } | undefined;

export const encodingOf = (how: HowToCode): Encoding =>
  (typeof how === "string" ? how : how?.encoding) ?? "utf8";

export const toBuffer = (content: string | Uint8Array, how: HowToCode): Buffer =>
  typeof content === "string" ? Buffer.from(content, encodingOf(how)) : Buffer.from(content);
