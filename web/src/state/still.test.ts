import { describe, expect, it, vi } from "vitest";
import { showIn, t } from "../i18n";
import { stillReasons } from "./still";

describe("a picture that stands still", () => {
  const stalled = { state: "stalled", participant: "p" } as const;
  const active = { state: "active", participant: "p" } as const;

  it("is our own network when the server holds it back, and one reason is enough", async () => {
    vi.stubGlobal("document", { documentElement: { lang: "" } });
    await showIn("en");
    vi.unstubAllGlobals();
    const slots = { screen: "screen", camera: "camera" } as const;
    const both = ["screen", "camera"];
    expect(stillReasons({ screen: active, camera: active }, slots, ["camera"])).toEqual({
      camera: t().held,
    });
    expect(stillReasons({ screen: stalled, voice: active }, slots, both)).toEqual({
      screen: t().stalled,
      camera: t().held,
    });
    expect(stillReasons({ voice: active }, {}, both)).toEqual({});
  });
});
