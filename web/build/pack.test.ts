import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { packPage } from "./pack.ts";

describe("the page of a lesson pack", () => {
  const page = packPage('f("</script>")', "p{}");

  it("lets only its own script and styles work, and nothing be loaded", () => {
    const digest = createHash("sha256").update("p{}").digest("base64");
    expect(page).toContain("default-src 'none'");
    expect(page).toContain(`style-src 'sha256-${digest}'`);
    expect(page).not.toContain("connect-src");
  });

  it("is not ended by what stands in its script", () => {
    expect(page).toContain('<script>f("<\\/script>")</script>');
  });

  it("has a place for each thing the server puts in, and ends with a mark", () => {
    for (const place of ["title", "facts", "stills", "sound"]) {
      expect(page.split(`<!--${place}-->`)).toHaveLength(2);
    }
    expect(page.indexOf('id="end"')).toBeGreaterThan(page.indexOf("<!--sound-->"));
  });
});
