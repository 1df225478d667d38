import fc from "fast-check";
import { expect, test } from "vitest";

import { coarsen, createTimeline } from "../../../../src/tasks/logs/story/timeline.ts";

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

test("createTimeline() keeps every count, whatever range the times turn out to have", () => {
  const times = fc.array(fc.integer({ min: -1e12, max: 4e12 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(times, (all) => {
      const timeline = createTimeline();
      const row = timeline.newRow();
      for (const time of all) {
        const slot = timeline.slotOf(time);
        row[slot] = (row[slot] ?? 0) + 1;
      }
      const span = timeline.span();
      if (span === undefined) throw new Error("no span");
      const counts = span.read(row);
      expect(sum(counts)).toBe(all.length);
      expect(counts.length).toBeLessThanOrEqual(256);
      for (const time of all) {
        expect(counts[Math.floor((time - span.start) / span.widthMs)]).toBeGreaterThan(0);
      }
      const coarse = coarsen(span, 60);
      expect(sum(coarse.read(row))).toBe(all.length);
      expect(coarse.buckets).toBeLessThanOrEqual(61);
    }),
  );
});

test("createTimeline() counts nothing before a time was seen", () => {
  expect(createTimeline().span()).toBeUndefined();
});
