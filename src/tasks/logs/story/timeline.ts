const slots = 256;

/** Bucket widths in milliseconds. Each is a multiple of the one before, so that buckets can be joined exactly. */
const widths = [
  10, 100, 1000, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000, 3_600_000, 7_200_000,
  21_600_000, 43_200_000, 86_400_000, 604_800_000, 2_419_200_000, 31_449_600_000, 314_496_000_000,
];

/** One count for each bucket of a timeline. Bucket `b` lies at `b % 256`, so that earlier ones need no shifting. */
export type Row = Uint32Array;

/**
 * Counts over time in one pass, when nobody knows the range before: buckets begin narrow, and are joined to wider
 * ones whenever the range outgrows 256 of them.
 */
export interface Timeline {
  /** A new row of zeros. It takes part in joining until it is released. */
  newRow(): Row;
  release(row: Row): void;
  /** The place in every row that belongs to a time. */
  slotOf(time: number): number;
  /** What was counted so far; undefined when no time was seen. */
  span(): Span | undefined;
}

export interface Span {
  /** When the first bucket begins. */
  readonly start: number;
  readonly widthMs: number;
  readonly buckets: number;
  /** A row in the order of time. */
  read(row: Row): readonly number[];
}

export function createTimeline(): Timeline {
  const rows = new Set<Row>();
  let level = 0;
  let [first, last] = [Number.NaN, Number.NaN];
  const width = (): number => widths[level] ?? Number.MAX_SAFE_INTEGER;

  const widen = (): void => {
    const ratio = (widths[level + 1] ?? Number.MAX_SAFE_INTEGER) / width();
    for (const row of rows) joinBuckets(row, { first, last, ratio });
    first = Math.floor(first / ratio);
    last = Math.floor(last / ratio);
    level += 1;
  };

  return {
    newRow() {
      const row = new Uint32Array(slots);
      rows.add(row);
      return row;
    },
    release: (row) => void rows.delete(row),
    slotOf(time) {
      let bucket = Math.floor(time / width());
      if (bucket >= first && bucket <= last) return mod(bucket);
      if (Number.isNaN(first)) [first, last] = [bucket, bucket];
      while (
        level < widths.length - 1 &&
        Math.max(last, bucket) - Math.min(first, bucket) >= slots
      ) {
        widen();
        bucket = Math.floor(time / width());
      }
      first = Math.min(first, bucket);
      last = Math.max(last, bucket);
      return mod(bucket);
    },
    span() {
      if (Number.isNaN(first)) return undefined;
      const [from, buckets] = [first, last - first + 1];
      return {
        start: from * width(),
        widthMs: width(),
        buckets,
        read: (row) => Array.from({ length: buckets }, (_, index) => row[mod(from + index)] ?? 0),
      };
    },
  };
}

function joinBuckets(
  row: Row,
  { first, last, ratio }: { first: number; last: number; ratio: number },
): void {
  const counts = row.slice();
  row.fill(0);
  for (let bucket = first; bucket <= last; bucket += 1) {
    const slot = mod(Math.floor(bucket / ratio));
    row[slot] = (row[slot] ?? 0) + (counts[mod(bucket)] ?? 0);
  }
}

function mod(bucket: number): number {
  return ((bucket % slots) + slots) % slots;
}

/** A span brought to at most `most` buckets of a round width, for people to look at. */
export function coarsen(span: Span, most: number): Span {
  const width = widths.find(
    (wide) =>
      wide >= span.widthMs &&
      Math.floor((span.start + span.widthMs * span.buckets - 1) / wide) -
        Math.floor(span.start / wide) <
        most,
  );
  if (width === undefined || width === span.widthMs) return span;
  const start = Math.floor(span.start / width) * width;
  const end = span.start + span.widthMs * span.buckets;
  const buckets = Math.ceil((end - start) / width);
  return {
    start,
    widthMs: width,
    buckets,
    read(row) {
      const counts = Array.from({ length: buckets }, () => 0);
      for (const [index, count] of span.read(row).entries()) {
        const bucket = Math.floor((span.start + index * span.widthMs - start) / width);
        counts[bucket] = (counts[bucket] ?? 0) + count;
      }
      return counts;
    },
  };
}
