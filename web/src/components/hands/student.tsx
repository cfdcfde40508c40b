/** A student's way to the air: hand up, invited, tested in silence, heard, done. */
import { type Signal, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { t } from "../../i18n";
import { h, useHandTexts } from "../../i18n/hands";
import type { Hand, HandReason } from "../../protocol/hands";
import type { LessonSocket } from "../../protocol/socket";
import type { Lesson } from "../../protocol/types";
import { announce } from "../../state/announcer";
import type { GuestProblem } from "../../state/guest";
import type { HandRoom } from "../../state/hands";
import { type Closed, onAir, ownHand, placeOf } from "../../state/hands-reducer";
import { useShortcuts } from "../../state/shortcuts";
import { Button, Check, Notice } from "../basics";
import { Icon } from "../icon";
import { LevelMeter } from "../level";
import { useLater } from "../questions/later";
import { UserText } from "../user-text";
import { OwnCamera } from "./camera";
import { HoldButton, TapsInstead, tapsInstead, useHoldKey } from "./hold";
import { useHands } from "./room";
import { CameraWish, HandRefusal, TurnTime } from "./turn";
import "../../styles/hands.css";

/** Hold this key to talk, by the place of the key. */
const TALK_KEY = "KeyT";

function closedText({ state, reason }: Closed): string {
  // What they did themselves needs no explanation.
  const why = (h().closed as Partial<Record<HandReason, string>>)[reason] ?? "";
  return state === "ended" ? [why, h().turnOver].filter(Boolean).join(" ") : why;
}

function problemText(problem: GuestProblem): string {
  if (problem === "unplugged" || problem === "refused") return h().problems[problem];
  return t().deviceErrors[problem];
}

/** Nothing is up: the button, and a word about how the last hand came down. */
function Down({ room }: { room: HandRoom }) {
  const { closed, settings } = room.hands.value;
  const waits = room.waiting("hand_raise");
  const last = closed && !waits ? closedText(closed) : "";
  return (
    <div class="hand-row">
      {waits ? (
        <Button icon="hand" pressed testid="hand-lower" onClick={() => room.lower()}>
          {h().lower}
        </Button>
      ) : (
        <Button
          icon="hand"
          testid="hand-raise"
          disabled={settings.paused}
          onClick={() => room.raise()}
        >
          {h().raise}
        </Button>
      )}
      {!waits && !settings.paused && (
        <Check
          label={h().withCamera}
          checked={room.camera.value}
          onChange={(on) => {
            room.camera.value = on;
          }}
        />
      )}
      <span class="soft" data-testid="hand-state" data-state="down">
        {waits && !room.line.online.value ? h().waitsToSend : settings.paused ? h().paused : last}
      </span>
    </div>
  );
}

function Raised({ room, hand }: { room: HandRoom; hand: Hand }) {
  const place = placeOf(room.hands.value, hand.number) ?? 1;
  return (
    <div class="hand-row">
      <Button icon="hand" pressed testid="hand-lower" onClick={() => room.lower()}>
        {h().lower}
      </Button>
      <p data-testid="hand-state" data-state="raised">
        <strong data-testid="hand-place">{h().place(place)}</strong>{" "}
        <span class="soft">{h().raisedHint}</span> {hand.camera && <CameraWish />}
      </p>
    </div>
  );
}

function Invited({ room }: { room: HandRoom }) {
  return (
    <article class="hand-card" aria-label={h().invitedTitle} data-testid="invited">
      <h2>
        <Icon name="microphone" /> {h().invitedTitle}
      </h2>
      <p>{h().invitedHint}</p>
      <div class="row">
        <Button
          look="primary"
          large
          icon="microphone"
          testid="turn-accept"
          onClick={() => room.accept()}
        >
          {h().accept}
        </Button>
        <Button large testid="turn-decline" onClick={() => room.decline()}>
          {h().decline}
        </Button>
      </div>
    </article>
  );
}

/** The microphone of this turn is not open here: on another page, after a reload, or it failed. */
function OpenHere({ room }: { room: HandRoom }) {
  const problem = room.guest.problem.value;
  return (
    <>
      {problem ? (
        <Notice tone="error" alert testid="guest-problem">
          {problemText(problem)}
        </Notice>
      ) : (
        <p class="soft">{h().hereHint}</p>
      )}
      <div>
        <Button look="primary" icon="microphone" testid="speak-here" onClick={() => room.accept()}>
          {problem ? t().retry : h().here}
        </Button>
      </div>
    </>
  );
}

function Verdict({ room }: { room: HandRoom }) {
  const verdict = room.guest.verdict.value;
  const connected = room.guest.link.value?.name === "connected";
  if (!verdict) return <p class="soft">{connected ? h().sayHello : h().connecting}</p>;
  return (
    <div data-testid="verdict" data-verdict={verdict}>
      <Notice tone={verdict === "good" ? "success" : "warning"}>{h().tests[verdict]}</Notice>
    </div>
  );
}

function Testing({ room, instead }: { room: HandRoom; instead: () => void }) {
  const { guest } = room;
  const open = guest.track.value !== null;
  const bad = guest.verdict.value === "weak" || guest.verdict.value === "silent";
  return (
    <article class="hand-card" aria-label={h().testTitle} data-testid="testing">
      <h2>{h().testTitle}</h2>
      {guest.opening.value && <p class="soft">{h().opening}</p>}
      {open && <LevelMeter db={guest.level.value} words={false} />}
      {open && <Verdict room={room} />}
      {!open && !guest.opening.value && <OpenHere room={room} />}
      {open && guest.verdict.value === "good" && <OwnCamera guest={guest} />}
      <div class="row">
        {guest.verdict.value === "weak" && (
          <Button look="primary" icon="microphone" testid="note-instead" onClick={instead}>
            {h().noteInstead}
          </Button>
        )}
        {bad && (
          <Button icon="reconnecting" testid="test-again" onClick={() => guest.retest()}>
            {h().testAgain}
          </Button>
        )}
        <Button testid="turn-decline" onClick={() => room.decline()}>
          {h().decline}
        </Button>
      </div>
    </article>
  );
}

/** Nobody hears anything unless this button, or its key, is held. */
function TalkButton({ room }: { room: HandRoom }) {
  const on = room.pressed.value;
  const hold = { on, down: () => room.talk(true), up: () => room.talk(false) };
  useHoldKey(TALK_KEY, hold);
  const begin = tapsInstead.value ? h().tapToTalk : h().holdToTalk;
  return (
    <HoldButton
      hold={hold}
      icon={on ? "microphone" : "microphoneOff"}
      words={on ? h().talking : begin}
      testid="talk"
    />
  );
}

/** To be heard only while one wants to; where the teacher wants it so, there is no choice. */
function TalkChoice({ room }: { room: HandRoom }) {
  const held = room.pushToTalk.value;
  return (
    <>
      {!room.hands.value.settings.push_to_talk && (
        <Check label={h().holdChoice} checked={held} onChange={(on) => room.holdToTalk(on)} />
      )}
      {held && <TapsInstead label={h().tapInstead} />}
    </>
  );
}

function OnAir({ room, hand }: { room: HandRoom; hand: Hand }) {
  const { guest } = room;
  const open = guest.track.value !== null;
  const held = room.pushToTalk.value;
  const heard = open && (!held || room.pressed.value);
  return (
    <article class="hand-card hand-on-air" aria-label={h().states["on-air"]} data-testid="on-air">
      {heard && <div class="air-frame" aria-hidden="true" data-testid="air-frame" />}
      <div class="hand-row">
        <h2 class="hand-live">
          <Icon name={heard ? "microphone" : "microphoneOff"} />{" "}
          {heard ? h().onAirTitle : h().states["on-air"]}
        </h2>
        <TurnTime room={room} hand={hand} />
      </div>
      {open && <LevelMeter db={heard ? guest.level.value : -70} words={false} />}
      {open && held && !tapsInstead.value && <p class="soft">{h().holdHint}</p>}
      {!open && !guest.opening.value && <OpenHere room={room} />}
      <div class="row">
        {open && held && <TalkButton room={room} />}
        <Button look="danger" large icon="stop" testid="turn-end" onClick={() => room.end()}>
          {h().end}
        </Button>
      </div>
      {open && <TalkChoice room={room} />}
      {open && <OwnCamera guest={guest} />}
    </article>
  );
}

/** Who else is on air, for everybody. */
export function Speaker({ room }: { room: HandRoom }) {
  const { value } = room.hands;
  const speaker = onAir(value);
  if (!speaker || speaker.number === value.mine) return null;
  return (
    <p class="hand-speaker" data-testid="speaker">
      <Icon name="microphone" /> <UserText>{h().speaks(speaker.person.name)}</UserText>
    </p>
  );
}

export function Own({ room, instead }: { room: HandRoom; instead: () => void }) {
  const hand = ownHand(room.hands.value);
  if (!hand) return <Down room={room} />;
  if (hand.state === "invited") return <Invited room={room} />;
  if (hand.state === "testing") return <Testing room={room} instead={instead} />;
  if (hand.state === "on-air") return <OnAir room={room} hand={hand} />;
  return <Raised room={room} hand={hand} />;
}

/** Say politely what happened to our hand. */
function useSaid(room: HandRoom): void {
  useSignalEffect(() => {
    const hands = room.hands.value;
    const hand = ownHand(hands);
    if (!hand) {
      if (hands.closed) announce(closedText(hands.closed));
    } else if (hand.state === "invited") announce(h().invitedTitle);
    else if (hand.state === "on-air") announce(h().saidOnAir);
    else if (hand.state === "raised") announce(h().place(placeOf(hands, hand.number) ?? 1));
  });
  useSignalEffect(() => {
    const verdict = room.guest.verdict.value;
    if (verdict) announce(h().tests[verdict]);
  });
}

function Inside({ room, socket }: { room: HandRoom; socket: LessonSocket }) {
  const Notes = useLater(() => import("../notes/student"));
  const recording = useSignal(false);
  const state = ownHand(room.hands.value)?.state;
  useSaid(room);
  useShortcuts({
    KeyH: () => {
      const hand = ownHand(room.hands.value);
      if (!hand && !room.waiting("hand_raise")) room.raise();
      else if (!hand || hand.state === "raised") room.lower();
    },
  });
  return (
    <>
      <Speaker room={room} />
      <HandRefusal room={room} />
      <Own
        room={room}
        instead={() => {
          room.decline();
          recording.value = true;
        }}
      />
      {Notes && socket.notes.began && (
        <Notes
          line={room.line}
          socket={socket}
          open={recording}
          busy={state === "testing" || state === "on-air"}
        />
      )}
    </>
  );
}

export default function StudentHands(props: {
  lesson: Lesson;
  socket: LessonSocket;
  /** Told whether this page is the guest on air, so that it does not hear itself. */
  speaking: Signal<boolean>;
}) {
  const { lesson, socket, speaking } = props;
  const room = useHands(lesson, socket);
  useSignalEffect(() => {
    const air = ownHand(room.hands.value)?.state === "on-air";
    speaking.value = air && room.guest.track.value !== null;
  });
  useEffect(() => {
    const leave = () => room.leave();
    window.addEventListener("pagehide", leave);
    return () => {
      window.removeEventListener("pagehide", leave);
      leave();
    };
  }, [room]);
  if (!useHandTexts() || !room.ready.value) return null;
  return (
    <section class="hands" aria-label={h().title} data-testid="hands">
      <Inside room={room} socket={socket} />
    </section>
  );
}
