/** What the service worker does with which request, and what it keeps; pure. */

/** The stores of pages and assets, one for each build. */
const SHELL = "darsgoh-shell-";
/** The store of lessons that a person has kept on purpose. */
export const KEPT = "darsgoh-kept";
/** Builds that are kept: this one, and the one that pages opened before it still run. */
const BUILDS = 2;
/** The addresses that one page answers; any other is the server's own business. */
const PAGES =
  /^\/(|sign-in|courses(\/[^/]+(\/(questions|attendance))?)?|lessons\/[^/]+(\/[a-z]+)?|recordings|timetable|people|offline)$/;

/** What a build is made of, written into the worker by the build itself. */
export interface Build {
  readonly version: string;
  /** The script that every page of this build begins with. */
  readonly entry: string;
  /** What has to be there for a page to open without a network. */
  readonly files: readonly string[];
}

/**
 * page    the network first, this build's page without one
 * away    a page that the server makes: without a network, the way to what is kept
 * kept    a lesson from the store, never from the network
 * asset   from the store first: its name changes with its content
 * network none of the worker's business: answers, tokens, media, files
 */
export type Way = "page" | "away" | "kept" | "asset" | "network";

export function wayOf(method: string, navigates: boolean, url: URL, origin: string): Way {
  if (method !== "GET" || url.origin !== origin) return "network";
  const path = url.pathname;
  if (path.startsWith("/assets/")) return "asset";
  if (!navigates) return "network";
  if (path.startsWith("/kept/")) return "kept";
  if (path === "/join" || path.startsWith("/join/")) return "away";
  return PAGES.test(path) ? "page" : "network";
}

export function storeOf(version: string): string {
  return SHELL + version;
}

/** Give the stores of builds that nobody needs any more; `names` in the order they were made. */
export function staleStores(names: readonly string[], version: string): readonly string[] {
  const others = names.filter((name) => name.startsWith(SHELL) && name !== storeOf(version));
  return others.slice(0, Math.max(0, others.length - (BUILDS - 1)));
}
