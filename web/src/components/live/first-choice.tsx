/** How much to receive and what it costs, before the first tap. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { m, useModeTexts } from "../../i18n/modes";
import type { ModeCosts } from "../../protocol/types";
import { api } from "../../state/app";
import type { LiveLesson } from "../../state/live";
import { costText, ModeChoice } from "./modes";

export default function FirstChoice({ live }: { live: LiveLesson }) {
  const costs = useSignal<ModeCosts | null>(null);
  useEffect(() => {
    // Without the answer there is nothing to say: the menu comes with the lesson.
    void api.modes(live.id).then(
      (told) => {
        live.enter(told.network);
        costs.value = told;
      },
      () => {},
    );
  }, [live]);
  if (!useModeTexts() || !costs.value) return null;
  const mode = live.mode.value;
  return (
    <details class="first-choice" data-testid="first-choice">
      <summary>
        {m().open(m().names[mode])}, {costText(mode, costs.value)}
      </summary>
      <ModeChoice
        mode={mode}
        costs={costs.value}
        got={null}
        failed={false}
        onChoose={(chosen) => live.choose(chosen)}
      />
    </details>
  );
}
