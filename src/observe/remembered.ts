/**
 * The same function of texts, which knows its last answers to short ones: session, tool and model are the same in span
 * after span, and looking for secrets is most of what a span costs.
 */
export function remembered(clean: (text: string) => string): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const after = clean(text);
    if (text.length > longest) return after;
    if (known.size >= most) known.clear();
    known.set(text, after);
    return after;
  };
}

const longest = 128;
const most = 512;
