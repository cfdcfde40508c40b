/** The teacher's page during a lesson: the desk first, then the devices, beside them how it goes. */
import { useSignal } from "@preact/signals";
import { t } from "../../i18n";
import { s, useSlideTexts } from "../../i18n/slides";
import { w } from "../../i18n/teach";
import type { Lesson } from "../../protocol/types";
import { useShortcuts } from "../../state/shortcuts";
import type { Studio } from "../../state/studio";
import { Button } from "../basics";
import { Icon } from "../icon";
import { Invite, joinUrl } from "../invite";
import { useLater } from "../questions/later";
import { keyRows, ShortcutList } from "../shortcut-list";
import { Alarms } from "./alarms";
import { Devices } from "./devices";
import { Health } from "./health";
import { Steps } from "./steps";

const KEYS = [
  ["KeyM", "microphone"],
  ["KeyC", "camera"],
  ["KeyS", "screen"],
] as const;

function inviteOf(lesson: Lesson): { code: string | null; link: string } {
  if (lesson.join_code) return { code: lesson.join_code, link: joinUrl(lesson.join_code) };
  return { code: null, link: `${location.origin}/lessons/${lesson.id}` };
}

function Keys() {
  const slides = useSlideTexts();
  const rows = keyRows(KEYS);
  if (slides) rows.push(["B", s().keyNames.hide], ["Page Up / Page Down", s().keyNames.turn]);
  return <ShortcutList rows={rows} />;
}

export function Workplace({ studio, lesson }: { studio: Studio; lesson: Lesson }) {
  const keys = useSignal(false);
  const Desk = useLater(() => import("../desk/console"));
  const Slides = useLater(() => import("../slides/console"));
  const Class = useLater(() => import("../class/console"));
  useShortcuts({
    KeyM: () => {
      if (studio.microphone.value) studio.toggleMute();
    },
    KeyC: () => void studio.toggleCamera(),
    KeyS: () => void studio.toggleScreen(),
  });
  return (
    <div class="studio">
      <div class="studio-main">
        <Alarms studio={studio} />
        {Desk && lesson.state !== "scheduled" && studio.socket.feed.began && (
          <Desk lesson={lesson} socket={studio.socket} />
        )}
        <Devices studio={studio} lesson={lesson} />
      </div>
      <div class="studio-steps">
        <Steps studio={studio} lesson={lesson} />
      </div>
      <div class="studio-side">
        <Health studio={studio} lesson={lesson} />
        {Slides && <Slides lesson={lesson} view={studio.view.value} />}
        {Class && lesson.state !== "scheduled" && <Class lesson={lesson} socket={studio.socket} />}
        <section class="card stack">
          <h2>{w().inviteTitle}</h2>
          <Invite {...inviteOf(lesson)} />
          <div>
            <a
              class="button button-plain"
              href={`/lessons/${lesson.id}`}
              target="_blank"
              rel="noopener"
            >
              <Icon name="eye" />
              <span>{w().studentView}</span>
            </a>
          </div>
        </section>
        <div>
          <Button
            icon="keyboard"
            pressed={keys.value}
            onClick={() => {
              keys.value = !keys.value;
            }}
          >
            {t().shortcuts}
          </Button>
        </div>
        {keys.value && <Keys />}
      </div>
    </div>
  );
}
