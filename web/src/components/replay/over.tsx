/** What is said over the pictures of a replay: how to begin, why nothing moves, that it is over. */
import { r } from "../../i18n/replay";
import type { PlayerState } from "../../protocol/recording-player";
import { Button } from "../basics";
import { StageBanner, StageMessage } from "../stage";

export interface ReplayOverProps {
  state: PlayerState;
  /** Whether nothing more is recorded. */
  over: boolean;
  title: string;
  /** Whether it has been played on this page. */
  begun: boolean;
  /** Whether there is nothing to see yet, and soon will be. */
  preparing: boolean;
  onPlay: () => void;
}

export function ReplayOver({ state, over, title, begun, preparing, onPlay }: ReplayOverProps) {
  const { playing, waiting, atEnd, blocked, error } = state;
  if (atEnd && over && !playing) {
    return (
      <StageMessage title={r().over} cover testid="replay-over">
        <Button look="primary" large icon="play" onClick={onPlay}>
          {r().again}
        </Button>
      </StageMessage>
    );
  }
  if (!playing && (!begun || blocked)) {
    return (
      <StageMessage title={blocked ? r().tap : title} cover>
        <Button look="primary" large icon="play" testid="begin" onClick={onPlay}>
          {r().begin}
        </Button>
      </StageMessage>
    );
  }
  if (error) return <StageBanner title={r().offline} testid="replay-offline" />;
  if (waiting) return <StageBanner title={r().loading} testid="replay-waiting" />;
  if (preparing) return <StageBanner title={r().preparing} testid="replay-preparing" />;
  return null;
}
