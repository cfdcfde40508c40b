import { describe, expect, it } from "vitest";
import { filesOf } from "./budgets.ts";

const MANIFEST = {
  "index.html": { file: "index.js", imports: ["_shared"], dynamicImports: ["page.tsx"] },
  _shared: { file: "shared.js", imports: [] },
  "page.tsx": { file: "page.js", imports: ["_shared"] },
  "base.css": { file: "base.css" },
};

describe("what a page downloads", () => {
  it("is its own chunks and what they import, each once", () => {
    expect(filesOf(MANIFEST, ["index.html", "page.tsx"])).toEqual([
      "index.js",
      "shared.js",
      "page.js",
    ]);
  });

  it("is not what may be needed later", () => {
    expect(filesOf(MANIFEST, ["index.html"])).toEqual(["index.js", "shared.js"]);
  });

  it("can not be asked of a module that is not there", () => {
    expect(() => filesOf(MANIFEST, ["gone.tsx"])).toThrow("the build has no gone.tsx");
  });
});
