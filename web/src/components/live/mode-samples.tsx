/** The menu of modes in every state, for the page that shows every component. */
import { useModeTexts } from "../../i18n/modes";
import { ListenControls } from "../../pages/listen";
import type { Spent } from "../../state/data-meter";
import type { Reception } from "../../state/mode";
import { CapNotice, DataMeter } from "./data-meter";
import { ModeChoice, type ModeChoiceProps } from "./modes";

const bits = {
  auto: 1_300_000,
  everything: 1_300_000,
  low: 174_000,
  slides: 54_000,
  sound: 48_000,
};
const GOT: Reception = {
  mode: "auto",
  received: "everything",
  screen_held: false,
  held: [],
  estimate: 3_000_000,
  left: null,
  lowered: false,
};
const CHOICE: ModeChoiceProps = {
  mode: "auto",
  costs: { bits, price: null, network: "" },
  got: GOT,
  failed: false,
  onChoose: () => {},
};

const PRICE = { megabyte: 0.05, currency: "TJS" };
const SPENT: Spent = {
  month: "2026-11",
  bytes: 340_000_000,
  lessons: { one: 12_300_000 },
  cap: 500,
};

export default function ModeSamples() {
  if (!useModeTexts()) return null;
  return (
    <>
      <ModeChoice {...CHOICE} />
      <ModeChoice
        {...CHOICE}
        got={{ ...GOT, mode: "auto", received: "low", screen_held: true, estimate: 310_000 }}
      />
      <ModeChoice
        {...CHOICE}
        mode="everything"
        got={{
          ...GOT,
          mode: "everything",
          received: "slides",
          screen_held: true,
          estimate: 64_000,
        }}
      />
      <ModeChoice
        {...CHOICE}
        got={{ ...GOT, mode: "auto", received: "sound", screen_held: true, estimate: 24_000 }}
      />
      <ModeChoice {...CHOICE} mode="sound" costs={null} got={null} failed />
      <ModeChoice {...CHOICE} costs={{ bits, price: PRICE, network: "" }}>
        <DataMeter lesson="one" spent={SPENT} price={PRICE} onCap={() => {}} />
      </ModeChoice>
      {(["idle", "connecting", "playing", "over"] as const).map((state) => (
        <ListenControls key={state} state={state} onPlay={() => {}} onStop={() => {}} />
      ))}
      <CapNotice left={30_000_000} lowered />
      <CapNotice left={0} lowered />
    </>
  );
}
