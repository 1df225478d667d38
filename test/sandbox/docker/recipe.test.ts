import { expect, test } from "vitest";

import { imageLabels, readRecipe, recipeStateOf } from "../../../src/sandbox/docker/recipe.ts";

test("the same recipe has the same hash, whatever the order of its packages", async () => {
  const one = await readRecipe({ packages: ["vim-tiny", "htop", "git"] });
  const other = await readRecipe({ packages: ["htop", "vim-tiny"] });
  expect(one.hash).toBe(other.hash);
  expect(one.extra).toEqual(["htop", "vim-tiny"]);
  expect((await readRecipe()).hash).not.toBe(one.hash);
  expect((await readRecipe({ suite: "bookworm" })).hash).not.toBe((await readRecipe()).hash);
});

test("an image is compared with what its own suite and packages would make today", async () => {
  const { hash, packages, suite } = await readRecipe({ suite: "bookworm", packages: ["htop"] });
  const labels = {
    [imageLabels.recipe]: hash,
    [imageLabels.suite]: suite,
    [imageLabels.packages]: packages.join(" "),
  };
  expect(await recipeStateOf(labels)).toBe("current");
  expect(await recipeStateOf({ ...labels, [imageLabels.recipe]: "0" })).toBe("outdated");
  expect(await recipeStateOf({})).toBe("foreign");
});

test.each(["--hook=id", "a b", "a,b", "$(id)", ""])("%j is no package", async (name) => {
  await expect(readRecipe({ packages: [name] })).rejects.toMatchObject({ code: "CONFIG_INVALID" });
});

test("a suite that is no name is refused", async () => {
  await expect(readRecipe({ suite: "--mode=root" })).rejects.toMatchObject({
    code: "CONFIG_INVALID",
  });
});
