/** A window for tests: connections to call getStats on; there only when asked for. */
interface Debug {
  [name: string]: unknown;
}

declare global {
  interface Window {
    __darsgoh?: Debug;
  }
}

export function debugWanted(): boolean {
  if (/[?#&]debug\b/.test(location.search + location.hash)) return true;
  try {
    return localStorage.getItem("darsgoh.debug") !== null;
  } catch {
    return false;
  }
}

/** Show getters to tests. */
export function expose(getters: Record<string, () => unknown>): void {
  if (!debugWanted()) return;
  const debug: Debug = window.__darsgoh ?? {};
  for (const [name, get] of Object.entries(getters)) {
    Object.defineProperty(debug, name, { get, configurable: true, enumerable: true });
  }
  window.__darsgoh = debug;
}
