/** What comes first of very many: putting one in and taking the first one out takes a few steps. */
export interface DueHeap<Item> {
  push(at: number, item: Item): void;
  /** When the first one is due. */
  nextAt(): number | undefined;
  /** Takes the first one out, if it is due by `now`. */
  pop(now: number): { readonly at: number; readonly item: Item } | undefined;
}

export function dueHeap<Item>(): DueHeap<Item> {
  const heap: { readonly at: number; readonly item: Item }[] = [];
  const timeOf = (index: number): number => heap[index]?.at ?? Infinity;
  const swap = (one: number, other: number): void => {
    const [a, b] = [heap[one], heap[other]];
    if (a && b) [heap[one], heap[other]] = [b, a];
  };

  return {
    nextAt: () => heap[0]?.at,

    push(at, item) {
      heap.push({ at, item });
      for (let index = heap.length - 1; index > 0;) {
        const parent = (index - 1) >> 1;
        if (timeOf(parent) <= at) return;
        swap(index, parent);
        index = parent;
      }
    },

    pop(now) {
      const [first] = heap;
      if (!first || first.at > now) return undefined;
      swap(0, heap.length - 1);
      heap.pop();
      for (let index = 0; ;) {
        const [left, right] = [2 * index + 1, 2 * index + 2];
        const child = timeOf(right) < timeOf(left) ? right : left;
        if (timeOf(child) >= timeOf(index)) return first;
        swap(index, child);
        index = child;
      }
    },
  };
}
