/** Hands and turns in every state, for the page that shows every component. */
import { signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { useHandTexts } from "../../i18n/hands";
import type { Hand, HandReason, HandState, Verdict } from "../../protocol/hands";
import type { CameraProblem, GuestProblem } from "../../state/guest";
import type { HandRoom } from "../../state/hands";
import { type Closed, NO_HANDS } from "../../state/hands-reducer";
import "../../styles/hands.css";
import { Own, Speaker } from "./student";
import { HandRefusal } from "./turn";

const ME = { id: "me", name: "Гулнора Раҳимова" };
const MINUTE = 60_000;

interface State {
  readonly state?: HandState;
  readonly place?: number;
  readonly paused?: boolean;
  readonly closed?: Closed;
  readonly offline?: boolean;
  readonly open?: boolean;
  readonly opening?: boolean;
  readonly connected?: boolean;
  readonly verdict?: Verdict;
  readonly problem?: GuestProblem;
  readonly camera?: MediaStreamTrack | null;
  readonly cameraProblem?: CameraProblem;
  readonly held?: boolean;
  readonly pressed?: boolean;
  readonly refused?: string;
  readonly wishesCamera?: boolean;
}

function hand(number: number, state: HandState, person = ME): Hand {
  const air = state === "on-air";
  return {
    number,
    person,
    state,
    at: 0,
    order: number,
    first: false,
    camera: false,
    from: air ? MINUTE : null,
    to: null,
    until: air ? 3 * MINUTE : null,
    talking: true,
    test: null,
  };
}

function before(count: number): Hand[] {
  return Array.from({ length: count }, (_, index) =>
    hand(index + 1, "raised", { id: `other-${index}`, name: "Далер" }),
  );
}

/** Make what the parts of a page read of a room; nothing in it does anything. */
function room(of: State): HandRoom {
  const own = of.state ? [{ ...hand(99, of.state), camera: of.wishesCamera === true }] : [];
  const list = [...before((of.place ?? 1) - 1), ...own];
  const nothing = () => {};
  const track = of.open ? ({} as MediaStreamTrack) : null;
  const error = of.refused ? { code: of.refused, detail: "" } : null;
  const parts = {
    hands: signal({
      ...NO_HANDS,
      settings: { ...NO_HANDS.settings, paused: of.paused === true },
      known: new Map(list.map((each) => [each.number, each])),
      mine: of.state ? 99 : null,
      closed: of.closed ?? null,
    }),
    pushToTalk: signal(of.held === true),
    pressed: signal(of.pressed === true),
    camera: signal(of.wishesCamera === true),
    guest: {
      track: signal(track),
      opening: signal(of.opening === true),
      problem: signal(of.problem ?? null),
      level: signal(of.open ? -30 : -70),
      link: signal({ name: of.connected ? "connected" : "opening" }),
      verdict: signal(of.verdict ?? null),
      quality: signal("good"),
      camera: signal(of.camera ?? null),
      cameraOpening: signal(false),
      cameraProblem: signal(of.cameraProblem ?? null),
      cameraFits: signal(of.open === true && !of.cameraProblem),
      showCamera: nothing,
      hideCamera: nothing,
      retest: nothing,
    },
    line: { online: signal(!of.offline), refusal: signal(error && { name: "hand_raise", error }) },
    position: () => 2 * MINUTE,
    waiting: () => (of.offline ? {} : null),
    raise: nothing,
    lower: nothing,
    accept: nothing,
    decline: nothing,
    end: nothing,
    talk: nothing,
    holdToTalk: nothing,
  };
  return parts as unknown as HandRoom;
}

const REASONS: readonly HandReason[] = ["teacher", "missed", "away", "lesson-ended", "removed"];

function states(camera: MediaStreamTrack | null): readonly (readonly [string, State])[] {
  return [
    ["down", {}],
    ["down: wants to be seen", { wishesCamera: true }],
    ["waits to be sent", { offline: true }],
    ["paused", { paused: true }],
    ...REASONS.map(
      (reason) =>
        [`lowered: ${reason}`, { closed: { number: 1, state: "lowered", reason } }] as const,
    ),
    ["turn over: time", { closed: { number: 1, state: "ended", reason: "time" } }],
    ["refused", { refused: "too-many-hands" }],
    ["raised, 3rd", { state: "raised", place: 3 }],
    ["raised, next", { state: "raised" }],
    ["raised: wants to be seen", { state: "raised", wishesCamera: true }],
    ["invited", { state: "invited" }],
    ["testing: opening", { state: "testing", opening: true }],
    ["testing: connecting", { state: "testing", open: true }],
    ["testing: say something", { state: "testing", open: true, connected: true }],
    ["testing: good", { state: "testing", open: true, connected: true, verdict: "good" }],
    ["testing: weak", { state: "testing", open: true, connected: true, verdict: "weak" }],
    ["testing: silent", { state: "testing", open: true, connected: true, verdict: "silent" }],
    ["testing: elsewhere", { state: "testing" }],
    ["testing: not allowed", { state: "testing", problem: "denied" }],
    ["on air", { state: "on-air", open: true }],
    ["on air with a camera", { state: "on-air", open: true, camera }],
    ["on air: too weak for a camera", { state: "on-air", open: true, cameraProblem: "weak" }],
    ["on air: button let go", { state: "on-air", open: true, held: true }],
    ["on air: button held", { state: "on-air", open: true, held: true, pressed: true }],
    ["on air: elsewhere", { state: "on-air" }],
  ];
}

function drawnTrack(): MediaStreamTrack | null {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  if (!context || !canvas.captureStream) return null;
  context.fillStyle = "#6b3f0f";
  context.fillRect(0, 0, canvas.width, canvas.height);
  return canvas.captureStream(1).getVideoTracks()[0] ?? null;
}

export default function HandSamples() {
  const rooms = useMemo(
    () => states(drawnTrack()).map(([name, state]) => [name, room(state)] as const),
    [],
  );
  const other = useMemo(() => {
    const speaks = room({ place: 2 });
    speaks.hands.value = {
      ...speaks.hands.value,
      known: new Map([[1, hand(1, "on-air", { id: "z", name: "Зарина Раҳимова" })]]),
    };
    return speaks;
  }, []);
  if (!useHandTexts()) return null;
  return (
    <>
      {rooms.map(([name, each]) => (
        <div key={name} class="hands sample-hands">
          <p class="hint">{name}</p>
          <HandRefusal room={each} />
          <Own room={each} instead={() => {}} />
        </div>
      ))}
      <div class="hands">
        <Speaker room={other} />
      </div>
    </>
  );
}
