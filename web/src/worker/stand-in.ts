/** A browser's Cache Storage for tests: names in order, entries by path. */

const MISSING = new TypeError("no network");

export class FakeCache {
  readonly entries = new Map<string, Response>();
  readonly #origin: string;
  readonly #fetch: (path: string) => Promise<Response>;
  /** Entries it holds at most, as a device that is full. */
  room = Number.POSITIVE_INFINITY;

  constructor(origin: string, fetch: (path: string) => Promise<Response>) {
    this.#origin = origin;
    this.#fetch = fetch;
  }

  #key(request: Request | string): string {
    return new URL(typeof request === "string" ? request : request.url, this.#origin).href;
  }

  async match(request: Request | string): Promise<Response | undefined> {
    return this.entries.get(this.#key(request))?.clone();
  }

  async put(request: Request | string, response: Response): Promise<void> {
    if (this.entries.size >= this.room) throw new DOMException("full", "QuotaExceededError");
    this.entries.set(this.#key(request), response);
  }

  async delete(request: Request | string): Promise<boolean> {
    return this.entries.delete(this.#key(request));
  }

  async keys(): Promise<Request[]> {
    return [...this.entries.keys()].map((url) => new Request(url));
  }

  async addAll(paths: string[]): Promise<void> {
    for (const path of paths) {
      const response = await this.#fetch(path);
      if (!response.ok) throw MISSING;
      await this.put(path, response);
    }
  }
}

export class FakeCaches {
  readonly #stores = new Map<string, FakeCache>();
  readonly #origin: string;
  readonly #fetch: (path: string) => Promise<Response>;

  constructor(
    origin: string,
    fetch: (path: string) => Promise<Response> = () => Promise.reject(MISSING),
  ) {
    this.#origin = origin;
    this.#fetch = fetch;
  }

  open = async (name: string): Promise<FakeCache> => {
    const store = this.#stores.get(name) ?? new FakeCache(this.#origin, this.#fetch);
    this.#stores.set(name, store);
    return store;
  };

  async keys(): Promise<string[]> {
    return [...this.#stores.keys()];
  }

  async delete(name: string): Promise<boolean> {
    return this.#stores.delete(name);
  }

  async match(request: Request): Promise<Response | undefined> {
    for (const store of this.#stores.values()) {
      const found = await store.match(request);
      if (found) return found;
    }
    return undefined;
  }
}
