/** The pages that open without a network; browser events stay outside, so that this can be tested. */
import { type Build, KEPT, staleStores, storeOf, wayOf } from "./rules";

/** Ms that a page may take to come, before the one that is here is shown. */
const PATIENCE = 4_000;

type Fetch = (request: Request | string, init?: RequestInit) => Promise<Response>;

function late(ms: number): Promise<never> {
  return new Promise((_, reject) => setTimeout(() => reject(new Error("late")), ms));
}

export class Shell {
  readonly #build: Build;
  readonly #caches: CacheStorage;
  readonly #fetch: Fetch;
  readonly #patience: number;

  constructor(build: Build, caches: CacheStorage, fetch: Fetch, patience = PATIENCE) {
    this.#build = build;
    this.#caches = caches;
    this.#fetch = fetch;
    this.#patience = patience;
  }

  /** Fetch what this build needs; fails as a whole, and is then tried again at another visit. */
  async install(): Promise<void> {
    const store = await this.#caches.open(storeOf(this.#build.version));
    const page = await this.#fetch("/", { cache: "no-cache" });
    // Between the worker and its page the server may have been brought up to date.
    if (!page.ok || !(await page.clone().text()).includes(this.#build.entry)) {
      throw new Error("the page is not the one of this build");
    }
    await store.addAll([...this.#build.files]);
    await store.put("/", page);
  }

  async activate(): Promise<void> {
    const names = await this.#caches.keys();
    for (const name of staleStores(names, this.#build.version)) await this.#caches.delete(name);
  }

  /** Whether a page that begins with this script is of this build. */
  isOwn(entry: string): boolean {
    return entry === this.#build.entry;
  }

  /** Answer a request, or leave it to the browser. */
  answer(request: Request, navigates: boolean, origin: string): Promise<Response> | null {
    const url = new URL(request.url);
    switch (wayOf(request.method, navigates, url, origin)) {
      case "page":
        return this.#page(request);
      case "away":
        return this.#fetch(request).catch(() => toKept(url));
      case "kept":
        return this.#kept(url);
      case "asset":
        return this.#asset(request);
      case "network":
        return null;
    }
  }

  async #page(request: Request): Promise<Response> {
    const online = this.#fetch(request);
    try {
      const response = await Promise.race([online, late(this.#patience)]);
      // Whoever stands before a server that is away answers for it, and in no words of ours.
      if (response.status < 500) return response;
    } catch {
      // There is no network, or it is too slow.
    }
    const store = await this.#caches.open(storeOf(this.#build.version));
    return (await store.match("/")) ?? online;
  }

  async #kept(url: URL): Promise<Response> {
    const store = await this.#caches.open(KEPT);
    return (await store.match(url.pathname)) ?? toKept(url);
  }

  async #asset(request: Request): Promise<Response> {
    const known = await this.#caches.match(request, { ignoreVary: true });
    if (known) return known;
    const response = await this.#fetch(request);
    if (response.status === 200) await this.#keep(request, response.clone());
    return response;
  }

  async #keep(request: Request, response: Response): Promise<void> {
    try {
      const store = await this.#caches.open(storeOf(this.#build.version));
      await store.put(request, response);
    } catch {
      // The phone is full: the page works all the same.
    }
  }
}

function toKept(url: URL): Response {
  return Response.redirect(new URL("/offline", url).href, 302);
}
