/** A code block that its content cannot end. */
export function fence(text: string): string {
  const runs = [...text.matchAll(/`+/g)].map(([ticks]) => ticks.length);
  const marks = "`".repeat(Math.max(3, ...runs.map((length) => length + 1)));
  return `${marks}\n${text}\n${marks}`;
}

/** A code span of one line that its content cannot end. */
export function code(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.includes("`") ? `\`\` ${line} \`\`` : `\`${line}\``;
}
