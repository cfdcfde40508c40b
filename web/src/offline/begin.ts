/** What begins once a page has loaded: the service worker, its updates, the offer to install. */
import { signal } from "@preact/signals";
import { render } from "preact";
import { hearOfUpdates } from "./updates";

/** Ms after the page has loaded: it comes first, and so does the beginning of a lesson. */
const PAUSE = { page: 1_000, lesson: 60_000 };
/** A page that is open for days looks for a new version this often, in ms. */
const LOOK = 3_600_000;

interface Installing extends Event {
  prompt(): Promise<unknown>;
}

/** The browser's offer to put Darsgoh on the home screen, while there is one. */
export const offer = signal<Installing | null>(null);

/** Whether somebody is in a lesson: no new version is looked for or applied there. */
export function isInLesson(path = location.pathname): boolean {
  return path.startsWith("/lessons/");
}

function hearOffers(): void {
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault(); // it is offered where what is kept is listed, not over a page
    offer.value = event as Installing;
  });
  addEventListener("appinstalled", () => {
    offer.value = null;
  });
}

/** Put the notice of a new version beside the page, not into it: it costs no page anything. */
async function showNotice(worker: ServiceWorker): Promise<void> {
  const { UpdateNotice } = await import("../components/offline/notice");
  const place = document.body.appendChild(document.createElement("div"));
  render(UpdateNotice({ worker, isInLesson }), place);
}

async function register(): Promise<void> {
  const registration = await navigator.serviceWorker.register("/worker.js", {
    updateViaCache: "none",
  });
  hearOfUpdates(registration, (worker) => void showNotice(worker));
  setInterval(() => {
    if (!isInLesson()) registration.update().catch(() => {});
  }, LOOK);
}

hearOffers();
if (import.meta.env.PROD && "serviceWorker" in navigator) {
  // A browser that forbids it goes on as it always has.
  setTimeout(() => register().catch(() => {}), isInLesson() ? PAUSE.lesson : PAUSE.page);
}
