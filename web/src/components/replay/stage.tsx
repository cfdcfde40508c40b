/** The stage of a replay: pictures that can be swapped, hidden and shown in a window of their own. */
import type { ComponentChildren, RefObject } from "preact";
import { r } from "../../i18n/replay";
import { VIDEO_SLOTS } from "../../protocol/types";
import { type Arrangement, arrange, type VideoSlot } from "../../state/layout";
import { picturesOnly, type Replay, replayLayout } from "../../state/replay";
import { Button } from "../basics";
import { togglePip } from "../live/browser";
import { useLater } from "../questions/later";
import { Tiles } from "./tiles";

/** No video, and no slide in its place: the pictures are all there is. */
const PICTURES_ONLY = arrange("audio", {});

export interface ToolsProps {
  onSwap: () => void;
  onHide: () => void;
  /** Undefined where the browser has no windows for pictures. */
  onPip?: (() => void) | undefined;
}

/** What can be done with the picture at the side. */
export function SideTools({ onSwap, onHide, onPip }: ToolsProps) {
  return (
    <div class="tile-tools">
      <Button icon="swap" label={r().tile.swap} testid="swap" onClick={onSwap} />
      {onPip && <Button icon="pip" label={r().tile.pip} testid="side-pip" onClick={onPip} />}
      <Button icon="eyeOff" label={r().tile.hide} testid="hide" onClick={onHide} />
    </div>
  );
}

export function ShowOther({ onShow }: { onShow: () => void }) {
  return (
    <div class="tile-tools">
      <Button icon="eye" label={r().tile.show} testid="show-other" onClick={onShow} />
    </div>
  );
}

/** Whether a view of one picture hides another one that was recorded. */
function hidesOne(replay: Replay, hasSide: boolean): boolean {
  const one = replayLayout.value === "slides" || replayLayout.value === "speaker";
  return one && !hasSide && replay.pictures.value > 1;
}

const isScreen = (places: Arrangement, place: "main" | "side"): boolean => places.screen === place;

function LaterPictures({ replay }: { replay: Replay }) {
  const Pictures = useLater(() => import("./pictures"));
  return Pictures && <Pictures replay={replay} />;
}

function LaterOnePicture({ replay, places }: { replay: Replay; places: Arrangement }) {
  const OnePicture = useLater(() => import("./one-picture"));
  return OnePicture && <OnePicture replay={replay} places={places} />;
}

export function ReplayStage(props: {
  replay: Replay;
  stageRef: RefObject<HTMLDivElement | null>;
  children?: ComponentChildren;
}) {
  const { replay, stageRef } = props;
  const places = picturesOnly.value ? PICTURES_ONLY : replay.places.value;
  const one = replay.onePicture.value;
  const side = one ? undefined : VIDEO_SLOTS.find((slot) => places[slot] === "side");
  const hides = !picturesOnly.value && hidesOne(replay, side !== undefined);
  const tools = (slot: VideoSlot) => {
    if (slot === side) {
      return (
        <SideTools
          onSwap={() => {
            replay.swap.value = !replay.swap.value;
          }}
          onHide={() => replay.setLayout(isScreen(places, "side") ? "speaker" : "slides")}
          onPip={
            document.pictureInPictureEnabled
              ? () => void togglePip(stageRef.current, "side")
              : undefined
          }
        />
      );
    }
    return hides ? <ShowOther onShow={() => replay.setLayout("both")} /> : null;
  };
  return (
    <div class={side ? "stage stage-both has-side" : "stage"} ref={stageRef} data-testid="stage">
      {one ? (
        <LaterOnePicture replay={replay} places={places} />
      ) : (
        <Tiles playback={replay} places={places} muted={replay.muted.value} tools={tools} />
      )}
      {picturesOnly.value && <LaterPictures replay={replay} />}
      {props.children}
    </div>
  );
}
