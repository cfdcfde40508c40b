/** "A new version is here": said on pages between lessons, applied at a tap or at the next start. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { o, useOfflineTexts } from "../../i18n/offline";
import { takeOver } from "../../offline/updates";
import { Button } from "../basics";
import "../../styles/offline.css";

/** Ms between looks at whether the lesson is left. */
const LOOK = 2_000;

function Bar({ worker, isInLesson }: { worker: ServiceWorker; isInLesson: () => boolean }) {
  const ready = useOfflineTexts();
  const inLesson = useSignal(isInLesson());
  const later = useSignal(false);
  useEffect(() => {
    const timer = setInterval(() => {
      inLesson.value = isInLesson();
    }, LOOK);
    return () => clearInterval(timer);
  }, []);
  if (!ready || later.value || inLesson.value) return null;
  return (
    <div class="update" role="status" data-testid="update">
      <p>{o().update}</p>
      <div class="row">
        <Button look="primary" testid="update-now" onClick={() => takeOver(worker)}>
          {o().updateNow}
        </Button>
        <Button
          look="quiet"
          onClick={() => {
            later.value = true;
          }}
        >
          {o().later}
        </Button>
      </div>
    </div>
  );
}

export function UpdateNotice(props: { worker: ServiceWorker; isInLesson: () => boolean }) {
  return <Bar {...props} />;
}
