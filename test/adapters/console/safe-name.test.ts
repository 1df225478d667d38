import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { foldName, safeFileName, threadFolder } from "../../../src/adapters/console/safe-name.ts";

const none: ReadonlySet<string> = new Set();

describe("safeFileName()", () => {
  test.each([
    ["report.md", "report.md"],
    ["Größe 漢字.log", "Größe 漢字.log"],
    ["../../etc/passwd", "passwd"],
    ["C:\\Windows\\win.ini", "win.ini"],
    [".env", "env"],
    ["..", "file"],
    ["", "file"],
    ["-rf", "rf"],
    ["nul", "_nul"],
    ["COM1.tar.gz", "_COM1.tar.gz"],
    ["a\nb\u001b[2J.txt", "a_b_[2J.txt"],
    ["\u202Egnp.exe", "_gnp.exe"],
    ["name. ", "name"],
  ])("makes of %j %j", (name, expected) => {
    expect(safeFileName(name, none)).toBe(expected);
  });

  test("numbers names that a file system could take for one", () => {
    const taken = new Set<string>();
    const names = ["a.txt", "A.TXT", "a.txt", "ﬁle", "file"].map((name) => {
      const safe = safeFileName(name, taken);
      taken.add(foldName(safe));
      return safe;
    });
    expect(names).toEqual(["a.txt", "A-2.TXT", "a-3.txt", "ﬁle", "file-2"]);
  });

  test("keeps the extension of a name that is too long", () => {
    const safe = safeFileName(`${"漢".repeat(300)}.json`, none);
    expect(safe).toMatch(/^漢+\.json$/);
    expect(Buffer.byteLength(safe)).toBeLessThan(200);
  });

  test("gives a plain name whatever comes in", () => {
    const hostile = fc.array(
      fc.oneof(
        fc.constantFrom("/", "\\", "..", ".", "-", "\0", ":", "con", " ", "\u202e", "\ud800"),
        fc.string({ unit: "binary" }),
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(hostile, (parts) => {
        const safe = safeFileName(parts.join(""), none);
        expect(safe).toMatch(/^[^./\\\p{Cc}\p{Cf}\p{Cs}-][^/\\\p{Cc}\p{Cf}\p{Cs}:]*$/u);
        expect(safe).not.toMatch(/[. ]$/);
        expect(Buffer.byteLength(safe)).toBeLessThan(255);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("threadFolder()", () => {
  test("uses the ids of the workspace, and hashes all others", () => {
    expect(threadFolder("t12")).toBe("t12");
    for (const id of ["../x", "T12", "t0", "a/b", "", "."]) {
      expect(threadFolder(id)).toMatch(/^x-[0-9a-z]{24}$/);
    }
  });
});
