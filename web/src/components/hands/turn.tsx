/** What students and teachers both see of hands: the time of a turn, and what went wrong. */
import { t } from "../../i18n";
import { durationText } from "../../i18n/dates";
import { h } from "../../i18n/hands";
import { type Hand, isOfHands } from "../../protocol/hands";
import type { HandRoom } from "../../state/hands";
import { Notice } from "../basics";
import { Icon } from "../icon";
import { useNow } from "../time";

/** How long a turn has lasted, and how long it may. */
export function TurnTime({ room, hand }: { room: HandRoom; hand: Hand }) {
  useNow();
  const position = room.position();
  if (position === null || hand.from === null) return null;
  const spoken = durationText((position - hand.from) / 1_000);
  const left = hand.until === null ? null : durationText((hand.until - position) / 1_000 + 1);
  return (
    <span class="digits" data-testid="turn-time">
      {h().spoken(spoken)}
      {left && ` · ${h().left(left)}`}
    </span>
  );
}

/** That somebody would like to be seen, too, when it is their turn. */
export function CameraWish() {
  return (
    <span class="camera-wish" data-testid="camera-wish">
      <Icon name="camera" /> {h().wishesCamera}
    </span>
  );
}

/** The last step with a hand that was refused. */
export function HandRefusal({ room }: { room: HandRoom }) {
  const { name, error } = room.line.refusal.value ?? {};
  if (!name || !error || !isOfHands(name)) return null;
  const own = (h().refusals as Record<string, unknown>)[error.code];
  const general = (t().problems as Record<string, unknown>)[error.code];
  const known = [own, general].find((text) => typeof text === "string");
  return (
    <Notice tone="warning" title={h().problemTitle} alert testid="hand-refusal">
      {typeof known === "string" ? known : h().refusals.unknown(error.code)}
    </Notice>
  );
}
