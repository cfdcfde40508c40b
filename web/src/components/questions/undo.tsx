/** "Question 17 is hidden. Undo": ten seconds to take a step back. */
import { q } from "../../i18n/questions";
import type { QuestionRoom } from "../../state/questions";
import { Button } from "../basics";

export function UndoBar({ room }: { room: Pick<QuestionRoom, "undoStep" | "undo"> }) {
  const step = room.undoStep.value;
  const words = step && (q().steps as Record<string, (n: number) => string>)[step.name];
  return (
    <div role="status">
      {step && words && (
        <div class="undo" data-testid="undo-bar">
          <span>{words(step.question)}</span>
          <Button icon="undo" testid="undo" onClick={() => room.undo()}>
            {q().undo}
          </Button>
        </div>
      )}
    </div>
  );
}
