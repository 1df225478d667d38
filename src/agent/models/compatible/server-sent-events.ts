/** More in one line is no answer of a model. */
export const maxLineBytes = 16 * 1024 * 1024;

/**
 * The data of server-sent events. Names of events are passed over; a field `error` counts as data, since llama.cpp has sent
 * its errors like that.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export async function* serverSentEvents(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let data: string[] = [];
  for await (const line of linesOf(bytes)) {
    if (line === "") {
      if (data.length > 0) yield data.join("\n");
      data = [];
      continue;
    }
    const [, field, value] = /^(data|error):\s?(.*)$/s.exec(line) ?? [];
    if (value !== undefined) data.push(field === "error" ? `{"error":${value}}` : value);
  }
  // Some servers leave out the last empty line.
  if (data.length > 0) yield data.join("\n");
}

async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of bytes) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > maxLineBytes) throw new Error("a line of the stream is too long");
    for (const line of lines) yield line.replace(/\r$/, "");
  }
  if (rest !== "") yield rest.replace(/\r$/, "");
}
