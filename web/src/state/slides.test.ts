import { describe, expect, it } from "vitest";
import type { Deck, PageRef } from "../protocol/slides";
import { arrange } from "./layout";
import { Remote, turned } from "./slides";

const page = (number: number) => ({ page: number, text: "", images: [] });
const DECK: Deck = { id: "d", name: "bits.pdf", created_at: "", pages: [page(1), page(2)] };

describe("slides", () => {
  it("stand in the place of a screen that nobody shares", () => {
    expect(arrange("both", { camera: "camera" }, true)).toEqual({
      screen: "main",
      camera: "side",
      guest: "hidden",
    });
    expect(arrange("audio", {}, true).screen).toBe("hidden");
  });

  it("are turned inside their deck only", () => {
    expect(turned([DECK], { deck: "d", page: 1 }, 1)).toEqual({ deck: "d", page: 2 });
    expect(turned([DECK], { deck: "d", page: 2 }, 1)).toBeNull();
    expect(turned([DECK], { deck: "d", page: 1 }, -1)).toBeNull();
    expect(turned([DECK], { deck: "deleted", page: 1 }, 1)).toBeNull();
    expect(turned([DECK], null, 1)).toBeNull();
  });

  it("are turned faster than the network carries it", async () => {
    const sent: (PageRef | null)[] = [];
    const carried: (() => void)[] = [];
    const remote = new Remote((wish) => {
      sent.push(wish);
      return new Promise<void>((resolve) => carried.push(resolve));
    });
    const done = remote.wish({ deck: "d", page: 1 });
    void remote.wish({ deck: "d", page: 2 });
    void remote.wish({ deck: "d", page: 3 });
    carried[0]?.();
    await Promise.resolve();
    await Promise.resolve();
    carried[1]?.();
    await done;
    expect(sent.map((each) => each?.page)).toEqual([1, 3]);
  });

  it("can be shown again after a failure", async () => {
    let online = false;
    const remote = new Remote(() =>
      online ? Promise.resolve() : Promise.reject(new Error("away")),
    );
    await expect(remote.wish(null)).rejects.toThrow("away");
    online = true;
    await expect(remote.wish(null)).resolves.toBeUndefined();
  });
});
