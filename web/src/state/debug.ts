/** A window for tests: connections to call getStats on; there only when asked for. */
type Debug = Record<string, () => unknown>;

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

/** Give tests functions that return what they may look at. */
export function expose(getters: Record<string, () => unknown>): void {
  if (debugWanted()) window.__darsgoh = { ...window.__darsgoh, ...getters };
}
