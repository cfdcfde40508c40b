/** The service worker: events in, the shell's answers out. */
import type { Build } from "./rules";
import { Shell } from "./shell";

/** Written by the build. */
declare const DARSGOH_BUILD: Build;

// The page's types and a worker's exclude each other; this is what of a worker is used here.
interface WorkerEvent extends Event {
  readonly request: Request;
  readonly data: unknown;
  readonly ports: readonly MessagePort[];
  waitUntil(work: Promise<unknown>): void;
  respondWith(response: Promise<Response>): void;
}
interface WorkerScope {
  readonly clients: { claim(): Promise<void> };
  readonly location: Location;
  skipWaiting(): Promise<void>;
  addEventListener(name: string, hear: (event: WorkerEvent) => void): void;
}

const worker = self as unknown as WorkerScope;
const shell = new Shell(DARSGOH_BUILD, caches, (request, init) => fetch(request, init));

worker.addEventListener("install", (event) => event.waitUntil(shell.install()));
worker.addEventListener("activate", (event) =>
  event.waitUntil(shell.activate().then(() => worker.clients.claim())),
);
worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const answer = shell.answer(request, request.mode === "navigate", worker.location.origin);
  if (answer) event.respondWith(answer);
});
// A new worker waits until no page is left, unless a page says that nothing is lost.
worker.addEventListener("message", ({ data, ports }) => {
  if (data === "take-over") void worker.skipWaiting();
  else if (typeof data === "string") ports[0]?.postMessage(shell.isOwn(data));
});
