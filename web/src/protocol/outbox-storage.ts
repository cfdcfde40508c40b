/** Where commands wait while the page is closed: IndexedDB, or memory where that is forbidden. */
import type { Entry } from "./outbox";

export interface OutboxStorage {
  /** Give the commands of one person in one lesson, in any order. */
  all(lesson: string, person: string): Promise<Entry[]>;
  put(entry: Entry): Promise<void>;
  remove(id: string): Promise<void>;
}

const NAME = "darsgoh-outbox";
const STORE = "commands";

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
  return done(request);
}

export class IndexedStorage implements OutboxStorage {
  #database: Promise<IDBDatabase> | null = null;

  async all(lesson: string, person: string): Promise<Entry[]> {
    const store = await this.#store("readonly");
    const entries: Entry[] = await done(store.getAll());
    return entries.filter((entry) => entry.lesson === lesson && entry.person === person);
  }

  put(entry: Entry): Promise<void> {
    return this.#write((store) => store.put(entry));
  }

  remove(id: string): Promise<void> {
    return this.#write((store) => store.delete(id));
  }

  async #store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
    this.#database ??= open();
    return (await this.#database).transaction(STORE, mode).objectStore(STORE);
  }

  /** Kept means kept: resolves when the transaction is over, not when the request is. */
  async #write(change: (store: IDBObjectStore) => IDBRequest): Promise<void> {
    const store = await this.#store("readwrite");
    const over = new Promise<void>((resolve, reject) => {
      store.transaction.oncomplete = () => resolve();
      store.transaction.onabort = () => reject(store.transaction.error);
    });
    change(store);
    await over;
  }
}
