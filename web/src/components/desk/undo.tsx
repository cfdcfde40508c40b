/** "The hand of Anor is down. Undo": ten seconds to take back the last step, whatever it was. */
import { d } from "../../i18n/desk";
import { q } from "../../i18n/questions";
import type { Desk } from "../../state/desk";
import { Button } from "../basics";
import { UndoBar } from "../questions/undo";

export function DeskUndo({ desk }: { desk: Desk }) {
  const last = desk.undoable.value;
  if (!last) return <UndoBar room={desk.room} />;
  const words = last.kind === "hand" ? d().lowered(last.name) : d().putAside(last.name);
  return (
    <div role="status">
      <div class="undo" data-testid="undo-bar">
        <span>{words}</span>
        <Button icon="undo" testid="undo" onClick={() => desk.undo()}>
          {q().undo}
        </Button>
      </div>
    </div>
  );
}
