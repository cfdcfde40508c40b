/** What few people open below the stage: the connection in numbers, and the keys. */
import { t } from "../../i18n";
import { r, useReplayTexts } from "../../i18n/replay";
import { keyRows, ShortcutList } from "../shortcut-list";
import { StatsPanel } from "../stats-panel";
import type { Classroom } from "./classroom";

const KEYS = [
  ["KeyF", "fullscreen"],
  ["KeyM", "mute"],
  ["KeyV", "layout"],
  ["KeyI", "stats"],
  ["KeyQ", "ask"],
  ["KeyH", "hand"],
] as const;

function Keys({ rewinds }: { rewinds: boolean }) {
  const ready = useReplayTexts();
  const rows = keyRows(KEYS);
  if (ready && rewinds) {
    rows.push(
      ["Space / K", r().live.keyPlay],
      ["J / L", r().shortcutNames.ten],
      ["Home / End", r().live.keyEnds],
      ["< / >", r().live.keyFaster],
    );
  }
  return <ShortcutList rows={rows} />;
}

export default function Details({ room }: { room: Classroom }) {
  const { live, details, keysShown } = room;
  return (
    <>
      {details.value && (
        <StatsPanel
          lesson={live.id}
          facts={{
            state: `${t().connection[live.connection.value]} (${live.link.value}, ${live.socketState.value})`,
            sample: live.sample.value,
            rates: live.rates.value,
          }}
        />
      )}
      {keysShown.value && <Keys rewinds={room.rewinds} />}
    </>
  );
}
