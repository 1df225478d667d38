/** A code span of one line that its content cannot end. */
export function code(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.includes("`") ? `\`\` ${line} \`\`` : `\`${line}\``;
}
