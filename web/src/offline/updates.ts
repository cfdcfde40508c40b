/** New versions of the pages: hear of them, and let them take over when nothing is lost. */

/** Give the script this page began with: it names the page's build. */
function ownEntry(): string {
  const script = document.querySelector<HTMLScriptElement>('script[type="module"][src]');
  return script ? new URL(script.src).pathname : "";
}

/** Ask a worker whether this page is of its build. */
function isOfBuild(worker: ServiceWorker): Promise<boolean> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => resolve(data === true);
    worker.postMessage(ownEntry(), [port2]);
  });
}

/**
 * Call `onNew` with a worker that waits and is newer than this page.
 *
 * Pages come from the network first, so a page is often newer than the worker it began under: the
 * new worker then takes over at once, and nobody is asked anything.
 */
export function hearOfUpdates(
  registration: ServiceWorkerRegistration,
  onNew: (worker: ServiceWorker) => void,
): void {
  let told: ServiceWorker | null = null;
  const look = async () => {
    const { waiting, active } = registration;
    if (!waiting || !active || waiting === told) return;
    told = waiting;
    if (await isOfBuild(waiting)) waiting.postMessage("take-over");
    else onNew(waiting);
  };
  registration.addEventListener("updatefound", () => {
    registration.installing?.addEventListener("statechange", () => void look());
  });
  void look();
}

/** Let a waiting worker take over, and open this page anew. */
export function takeOver(worker: ServiceWorker): void {
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), {
    once: true,
  });
  worker.postMessage("take-over");
}
