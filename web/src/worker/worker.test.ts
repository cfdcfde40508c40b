import { describe, expect, it } from "vitest";
import { shellOf } from "../../build/worker";
import { type Build, KEPT, staleStores, storeOf, wayOf } from "./rules";
import { Shell } from "./shell";
import { FakeCaches } from "./stand-in";

const ORIGIN = "https://darsgoh.test";
const BUILD: Build = {
  version: "2",
  entry: "/assets/index-2.js",
  files: ["/assets/index-2.js", "/assets/base-2.css"],
};
const page = (entry: string) => new Response(`<script src="${entry}"></script>`);

type Answers = Record<string, () => Response | Promise<Response>>;

/** A worker before a server that has these answers, and nothing else. */
function stage(answers: Answers, patience = 5) {
  const asked: string[] = [];
  const fetch = async (input: Request | string) => {
    const { pathname } = new URL(typeof input === "string" ? input : input.url, ORIGIN);
    asked.push(pathname);
    const answer = answers[pathname];
    if (!answer) throw new TypeError("no network");
    return answer();
  };
  const caches = new FakeCaches(ORIGIN, fetch);
  const shell = new Shell(BUILD, caches as unknown as CacheStorage, fetch, patience);
  const open = async (path: string, navigates = true) => {
    const request = new Request(ORIGIN + path);
    return (await shell.answer(request, navigates, ORIGIN)) ?? null;
  };
  return { shell, caches, asked, open, answers };
}

const WHOLE: Answers = {
  "/": () => page(BUILD.entry),
  "/assets/index-2.js": () => new Response("index"),
  "/assets/base-2.css": () => new Response("base"),
};

describe("what a request is to the worker", () => {
  it.each([
    ["GET", true, "/", "page"],
    ["GET", true, "/lessons/0199/teach", "page"],
    ["GET", true, "/courses/0199/questions", "page"],
    ["GET", true, "/offline", "page"],
    ["GET", true, "/join/123456", "away"],
    ["GET", true, "/kept/0199", "kept"],
    ["GET", false, "/assets/index-2.js", "asset"],
    ["GET", false, "/kept/0199", "network"],
    ["GET", false, "/api/session", "network"],
    ["GET", false, "/recordings/0199/camera-1.mp4", "network"],
    ["GET", true, "/recordings/0199/pack.html", "network"],
    ["GET", true, "/calendar/secret.ics", "network"],
    ["GET", true, "/somewhere/new", "network"],
    ["POST", true, "/join", "network"],
    ["POST", false, "/assets/x", "network"],
  ])("%s %s %s is %s", (method, navigates, path, way) => {
    expect(wayOf(method, navigates, new URL(path, ORIGIN), ORIGIN)).toBe(way);
  });

  it("is nothing on another origin", () => {
    const url = new URL("https://elsewhere.test/assets/x.js");
    expect(wayOf("GET", false, url, ORIGIN)).toBe("network");
  });
});

describe("a page", () => {
  it("comes from the network first, so a new version is never hidden by an old worker", async () => {
    const { shell, open, answers } = stage({ ...WHOLE });
    await shell.install();
    answers["/courses"] = () => page("/assets/index-3.js");
    expect(await (await open("/courses"))?.text()).toContain("index-3");
  });

  it.each([
    ["there is no network", undefined],
    ["the network never answers", () => new Promise<Response>(() => {})],
    ["a proxy answers for a server that is away", () => new Response("bad", { status: 502 })],
  ])("is the one kept here when %s", async (_, answer) => {
    const { shell, open, answers } = stage({ ...WHOLE });
    await shell.install();
    if (answer) answers["/courses"] = answer;
    expect(await (await open("/courses"))?.text()).toContain(BUILD.entry);
  });

  it("that the server makes leads to what is kept when there is no network", async () => {
    const answer = await stage({}).open("/join/123456");
    expect(answer?.headers.get("Location")).toBe(`${ORIGIN}/offline`);
  });

  it("is not taken from a server that was brought up to date meanwhile", async () => {
    const { shell } = stage({ ...WHOLE, "/": () => page("/assets/index-3.js") });
    await expect(shell.install()).rejects.toThrow("not the one of this build");
  });
});

describe("assets", () => {
  it("are fetched once, those used later too, and then come without a network", async () => {
    const { shell, open, asked, answers } = stage({
      ...WHOLE,
      "/assets/later-2.js": () => new Response("later"),
    });
    await shell.install();
    expect(await (await open("/assets/index-2.js", false))?.text()).toBe("index");
    await open("/assets/later-2.js", false);
    delete answers["/assets/later-2.js"];
    expect(await (await open("/assets/later-2.js", false))?.text()).toBe("later");
    expect(asked.filter((path) => path === "/assets/index-2.js")).toHaveLength(1);
  });

  it("that are missing are not remembered as missing", async () => {
    const missing = () => new Response("", { status: 404 });
    const { shell, open, answers } = stage({ ...WHOLE, "/assets/x.js": missing });
    await shell.install();
    expect((await open("/assets/x.js", false))?.status).toBe(404);
    answers["/assets/x.js"] = () => new Response("x");
    expect((await open("/assets/x.js", false))?.status).toBe(200);
  });
});

describe("builds", () => {
  it("are kept as long as pages opened before the newest may run, lessons for ever", async () => {
    const { shell, caches } = stage({ ...WHOLE });
    for (const name of [storeOf("0"), storeOf("1"), KEPT, "not-ours"]) await caches.open(name);
    await shell.install();
    await shell.activate();
    expect(await caches.keys()).toEqual([storeOf("1"), KEPT, "not-ours", storeOf("2")]);
    expect(staleStores([storeOf("2")], "2")).toEqual([]);
  });

  it("name themselves by all that they are made of", () => {
    const manifest = (base: string) =>
      new Proxy(
        { "index.html": { file: "assets/i.js", css: [`assets/${base}.css`] } },
        { get: (known, key) => Reflect.get(known, key) ?? { file: `assets/${String(key)}.js` } },
      ) as unknown as Parameters<typeof shellOf>[0];
    const one = shellOf(manifest("a"), "<html>");
    expect(one.entry).toBe("/assets/i.js");
    expect(one.files).toContain("/assets/a.css");
    expect(shellOf(manifest("a"), "<html>").version).toBe(one.version);
    expect(shellOf(manifest("b"), "<html>").version).not.toBe(one.version);
    expect(shellOf(manifest("a"), "<html lang>").version).not.toBe(one.version);
  });
});
