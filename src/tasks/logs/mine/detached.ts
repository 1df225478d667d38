/** A copy that does not keep the text alive which it was cut from. */
export function detached(text: string): string {
  return Buffer.from(text, "utf8").toString("utf8");
}
