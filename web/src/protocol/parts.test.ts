import { describe, expect, it, vi } from "vitest";
import { ApiError } from "./api";
import { wayToPlay } from "./media-source";
import { IndexFollower, PartFetcher } from "./parts";
import type { IndexPage, RunEntry } from "./recording";
import { RecordingIndex } from "./recording-index";

const RUN: RunEntry = {
  type: "run",
  run: "camera-0001",
  track: "camera",
  codec: "avc1.42e01f",
  init: [0, 4],
};
const signal = new AbortController().signal;

async function all(from: AsyncIterable<Uint8Array>): Promise<number[]> {
  const found: number[] = [];
  for await (const bytes of from) found.push(...bytes);
  return found;
}

describe("fetching parts", () => {
  it("asks for a range of the run's file", async () => {
    const fetch = vi.fn(async () => new Response(new Uint8Array([7, 8, 9]), { status: 206 }));
    expect(await all(new PartFetcher("l", fetch).read(RUN, 4, 7, signal))).toEqual([7, 8, 9]);
    expect(fetch).toHaveBeenCalledWith(
      "/recordings/l/camera-0001.mp4",
      expect.objectContaining({ headers: { Range: "bytes=4-6" } }),
    );
  });

  it("fetches a run's beginning once", async () => {
    const fetch = vi.fn(async () => new Response(new Uint8Array(4), { status: 206 }));
    const fetcher = new PartFetcher("l", fetch);
    await fetcher.init(RUN, signal);
    expect((await fetcher.init(RUN, signal)).length).toBe(4);
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  it.each([
    ["half a part", new Response(new Uint8Array(2), { status: 206 }), "offline"],
    ["a whole file", new Response(new Uint8Array(9), { status: 200 }), "no-range"],
    ["a recording that is gone", new Response("{}", { status: 404 }), "http-404"],
  ])("takes %s for an error", async (_, response, code) => {
    const read = new PartFetcher("l", async () => response).read(RUN, 4, 7, signal);
    await expect(all(read)).rejects.toMatchObject({ code });
  });
});

describe("following an index", () => {
  it("reads all pages, then looks again while the lesson is on", async () => {
    vi.useFakeTimers();
    const pages: Record<number, IndexPage> = {
      0: { next: 1, entries: [RUN], more: true, ended: false },
      1: { next: 1, entries: [], more: false, ended: false },
    };
    const changed = vi.fn();
    const asked: number[] = [];
    const follower = new IndexFollower(new RecordingIndex(), {
      page: async (since) => {
        asked.push(since);
        return pages[since] as IndexPage;
      },
      changed,
      failed: vi.fn(),
    });
    await follower.open();
    expect(asked).toEqual([0, 1]);
    expect(changed).toHaveBeenCalledTimes(1);
    pages[1] = { next: 2, entries: [{ type: "end", at: 0 }], more: false, ended: true };
    await vi.advanceTimersByTimeAsync(2_000);
    expect(asked).toEqual([0, 1, 1]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveLength(3);
    vi.useRealTimers();
  });

  it("asks again after a bad moment, and not after a refusal", async () => {
    vi.useFakeTimers();
    const errors = [new ApiError("offline", 0), new ApiError("not-allowed", 403)];
    const page = vi.fn(async () => {
      throw errors.shift();
    });
    const failed = vi.fn();
    const follower = new IndexFollower(new RecordingIndex(), { page, changed: vi.fn(), failed });
    await follower.open();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(page).toHaveBeenCalledTimes(2);
    expect(failed).toHaveBeenCalledTimes(2);
    vi.useRealTimers();
  });
});

describe("the way to play", () => {
  const takes = (answer: boolean) => ({ isTypeSupported: () => answer });

  it("is parts where all of them can be decoded, else the playlist, else none", () => {
    expect(wayToPlay([RUN], takes(true), true)).toBe("parts");
    expect(wayToPlay([RUN], takes(false), true)).toBe("hls");
    expect(wayToPlay([RUN], null, true)).toBe("hls");
    expect(wayToPlay([RUN], null, false)).toBe("none");
  });
});
