import { beforeEach, describe, expect, it } from "vitest";
import { KEPT } from "../worker/rules";
import { FakeCaches } from "../worker/stand-in";
import { KeptLessons, keptUrl } from "./kept";

const ORIGIN = "https://darsgoh.test";
const SIZE = 700_000; // three pieces
const FACTS = { lesson: "0199", title: "Касрҳо", owner: "me", at: 1 };

/** A server with one file; it can break off, refuse, and have another file. */
class Server {
  file = new Uint8Array(SIZE).map((_, at) => at % 251);
  tag = '"one"';
  asked: string[] = [];
  breakAfter = Number.POSITIVE_INFINITY;
  status = 206;

  fetch = async (_: string, init?: RequestInit): Promise<Response> => {
    const range = new Headers(init?.headers).get("Range") ?? "";
    this.asked.push(range);
    if (init?.signal?.aborted) throw new DOMException("stopped", "AbortError");
    if (this.asked.length > this.breakAfter) throw new TypeError("network");
    if (this.status !== 206) return new Response("{}", { status: this.status });
    const [first = 0, last = 0] = range.replace("bytes=", "").split("-").map(Number);
    const body = this.file.slice(first, last + 1);
    const headers = {
      ETag: this.tag,
      "Content-Range": `bytes ${first}-${first + body.length - 1}/${this.file.length}`,
    };
    return new Response(body, { status: 206, headers });
  };
}

let server: Server;
let caches: FakeCaches;
let kept: KeptLessons;

beforeEach(() => {
  server = new Server();
  caches = new FakeCaches(ORIGIN);
  kept = new KeptLessons(caches as unknown as CacheStorage, server.fetch);
});

const told: number[] = [];
const keep = (facts = FACTS, signal?: AbortSignal) => {
  told.length = 0;
  return kept.keep(facts, (progress) => told.push(progress), signal);
};
const page = async () => (await caches.open(KEPT)).match(keptUrl("0199"));
/** Whether the page is the server's file; compared as a whole, since it is long. */
const isWhole = async () =>
  Buffer.from(new Uint8Array((await (await page())?.arrayBuffer()) ?? [])).equals(server.file);

describe("a lesson that is kept", () => {
  it("is whole, listed with its size, and of its pieces nothing is left", async () => {
    await keep();
    expect(await isWhole()).toBe(true);
    expect(await kept.list()).toEqual([{ ...FACTS, bytes: SIZE }]);
    expect(told.at(-1)).toBe(1);
    expect(told).toEqual([...told].sort((one, other) => one - other));
    expect((await caches.open(KEPT)).entries.size).toBe(2);
    expect((await page())?.headers.get("Content-Type")).toBe("text/html; charset=utf-8");
  });

  it("goes on where the network broke off", async () => {
    server.breakAfter = 2;
    await expect(keep()).rejects.toMatchObject({ code: "offline" });
    expect(await kept.list()).toEqual([]);
    expect(await page()).toBeUndefined();
    server.breakAfter = Number.POSITIVE_INFINITY;
    server.asked = [];
    await keep();
    expect(server.asked).toEqual(["bytes=512000-767999"]);
    expect(await isWhole()).toBe(true);
  });

  it("begins anew when the server has another file, and mixes none", async () => {
    server.breakAfter = 2;
    await expect(keep()).rejects.toThrow();
    server.breakAfter = Number.POSITIVE_INFINITY;
    server.file = new Uint8Array(SIZE + 1).fill(7);
    server.tag = '"two"';
    await keep();
    expect(await isWhole()).toBe(true);
  });

  it("gives up on a file that never stays the same", async () => {
    const { fetch } = server;
    server.fetch = async (url, init) => {
      server.tag = `"${server.asked.length}"`;
      return fetch(url, init);
    };
    kept = new KeptLessons(caches as unknown as CacheStorage, server.fetch);
    await expect(keep()).rejects.toMatchObject({ code: "pack-not-made" });
  });

  it("is refused as the server refuses it", async () => {
    server.status = 403;
    await expect(keep()).rejects.toMatchObject({ status: 403 });
  });

  it("stops when it is told to", async () => {
    const control = new AbortController();
    control.abort();
    await expect(keep(FACTS, control.signal)).rejects.toMatchObject({ name: "AbortError" });
  });

  it("says that the phone is full", async () => {
    (await caches.open(KEPT)).room = 2;
    await expect(keep()).rejects.toMatchObject({ name: "QuotaExceededError" });
  });

  it("takes no piece that came shorter than it should", async () => {
    const { fetch } = server;
    kept = new KeptLessons(caches as unknown as CacheStorage, async (url, init) => {
      const whole = await fetch(url, init);
      return new Response((await whole.blob()).slice(1), { status: 206, headers: whole.headers });
    });
    await expect(keep()).rejects.toMatchObject({ code: "offline" });
    expect((await caches.open(KEPT)).entries.size).toBe(0);
  });
});

describe("what is removed", () => {
  it("is one lesson and nothing beside it", async () => {
    await keep();
    await keep({ ...FACTS, lesson: "01991", at: 2 });
    await kept.remove("0199");
    expect((await kept.list()).map(({ lesson }) => lesson)).toEqual(["01991"]);
    expect(await page()).toBeUndefined();
  });

  it("is what another person kept on a shared phone", async () => {
    await keep();
    await keep({ ...FACTS, lesson: "01992", owner: "other" });
    await kept.removeOthers("me");
    expect((await kept.list()).map(({ owner }) => owner)).toEqual(["me"]);
  });
});
