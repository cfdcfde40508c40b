/** What every page shares: the session, the server's clock and the person's settings. */
import { computed, effect, type Signal, signal } from "@preact/signals";
import { chooseLanguage, firstLanguage, rememberedLanguage, showIn } from "../i18n";
import { Api, ApiError } from "../protocol/api";
import type { Language, Person, Session } from "../protocol/types";

/** Server time minus ours, in ms; a wrong clock on a phone must not break a countdown. */
let clockOffset = 0;
/** The Date header has whole seconds: smaller differences are not differences. */
const CLOCK_TOLERANCE = 2_000;

export const api = new Api(
  (input, init) => fetch(input, init),
  (serverTime) => {
    const offset = serverTime - Date.now();
    clockOffset = Math.abs(offset) > CLOCK_TOLERANCE ? offset : 0;
  },
);

/** Give the time of the server, in ms since the epoch. */
export function serverNow(): number {
  return Date.now() + clockOffset;
}

export const session = signal<Session | null>(null);
/** Why the session could not be loaded. */
export const sessionError = signal<ApiError | null>(null);
export const person = computed<Person | null>(() => session.value?.person ?? null);
export const timeZone = computed(() => session.value?.server.time_zone ?? "Asia/Dushanbe");

/** Ask the server who we are; keeps what is known when it cannot be reached. */
export async function loadSession(): Promise<void> {
  try {
    session.value = await api.session();
    sessionError.value = null;
  } catch (error) {
    sessionError.value = asApiError(error);
  }
}

/** Take the session an answer brought, and show the page in the person's language if none was chosen here. */
export async function takeSession(next: Session): Promise<void> {
  session.value = next;
  sessionError.value = null;
  const wanted = next.person?.language;
  if (wanted && !rememberedLanguage()) await showIn(wanted);
}

/** Switch the language here and, for a signed-in person, everywhere. */
export async function switchLanguage(next: Language): Promise<void> {
  await chooseLanguage(next);
  if (!person.value || person.value.guest) return;
  try {
    session.value = await api.changeSession({ language: next });
  } catch {
    // The page has switched; the server hears of it next time.
  }
}

/** Prepare the first page: language first (it is needed to say anything), then who we are. */
export async function begin(): Promise<void> {
  await showIn(firstLanguage("tg"));
  await loadSession();
  const current = session.value;
  if (!current || rememberedLanguage()) return;
  await showIn(current.person?.language ?? firstLanguage(current.server.default_language));
}

/** Make any thrown thing an ApiError, so that pages have one kind to show. */
export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError("unknown", 0, { detail: String(error) });
}

/** A signal that this browser remembers; storage that is full or forbidden is no error. */
export function remembered<T extends string | boolean>(key: string, initial: T): Signal<T> {
  const name = `darsgoh.${key}`;
  let start = initial;
  try {
    const stored = localStorage.getItem(name);
    if (stored !== null) start = (typeof initial === "boolean" ? stored === "true" : stored) as T;
  } catch {
    // Private windows may forbid storage.
  }
  const value = signal<T>(start);
  let first = true;
  effect(() => {
    const current = String(value.value);
    if (first) {
      first = false;
      return;
    }
    try {
      localStorage.setItem(name, current);
    } catch {
      // As above: the choice then lasts as long as the page.
    }
  });
  return value;
}

export const shortcutsOn = remembered<boolean>("shortcuts", true);
export const knownName = remembered<string>("name", "");
