/** The teacher's queue of hands: who waits, who is ready, who is on air. */
import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../../i18n";
import { h, useHandTexts } from "../../i18n/hands";
import type { Hand } from "../../protocol/hands";
import type { LessonSocket } from "../../protocol/socket";
import type { Lesson } from "../../protocol/types";
import { Player } from "../../protocol/whep";
import { announce } from "../../state/announcer";
import { api } from "../../state/app";
import type { HandRoom } from "../../state/hands";
import { inOrder, onAir } from "../../state/hands-reducer";
import { useShortcuts } from "../../state/shortcuts";
import { Button, Check, Notice, Select, Skeleton } from "../basics";
import { Icon } from "../icon";
import { UserText } from "../user-text";
import { useHands } from "./room";
import { HandRefusal, TurnTime } from "./turn";
import "../../styles/hands.css";

/** Lengths of a turn to choose from, in seconds. */
const LIMITS: readonly (number | null)[] = [60, 120, 180, 300, 600, null];
/** What "one more minute" adds, in seconds. */
const MINUTE = 60;

/** The sound of the guest, for a teacher who has no player open; nothing else is downloaded. */
function Listen({ lesson }: { lesson: string }) {
  const element = useRef<HTMLAudioElement>(null);
  const blocked = useSignal(false);
  const play = () => {
    element.current?.play().then(
      () => {
        blocked.value = false;
      },
      (problem: unknown) => {
        if (problem instanceof DOMException && problem.name === "NotAllowedError") {
          blocked.value = true;
        }
      },
    );
  };
  useEffect(() => {
    const ticket = async () => {
      const { whep, token } = await api.grant(lesson, "watch");
      return { url: whep, token };
    };
    const heard = (slot: string, track: MediaStreamTrack) => {
      if (slot !== "guest-voice" || !element.current) return;
      element.current.srcObject = new MediaStream([track]);
      play();
    };
    const player = new Player(ticket, heard, () => {}, undefined, []);
    player.start();
    return () => player.stop();
  }, [lesson]);
  return (
    <>
      {/* biome-ignore lint/a11y/useMediaCaption: live speech has no text to go with it. */}
      <audio ref={element} data-testid="guest-audio" />
      {blocked.value && (
        <Button icon="sound" look="primary" testid="hear-guest" onClick={play}>
          {h().listen}
        </Button>
      )}
    </>
  );
}

function Speaking({ room, hand }: { room: HandRoom; hand: Hand }) {
  return (
    <section class="hand-card hand-on-air" aria-label={t().onAir} data-testid="turn-now">
      <div class="hand-row">
        <h3>
          <Icon name="microphone" /> <UserText>{h().speaks(hand.person.name)}</UserText>
        </h3>
        <TurnTime room={room} hand={hand} />
      </div>
      {!hand.talking && <p class="soft">{h().silentGuest}</p>}
      <div class="row">
        <Button look="danger" icon="stop" testid="turn-end" onClick={() => end(room, hand)}>
          {h().endTurn}
        </Button>
        {hand.until !== null && (
          <Button
            icon="clock"
            testid="turn-extend"
            onClick={() =>
              void room.line.act("turn_extend", { hand: hand.number, seconds: MINUTE })
            }
          >
            {h().extend}
          </Button>
        )}
        <Listen lesson={room.line.lesson} />
      </div>
    </section>
  );
}

function end(room: HandRoom, hand: Hand): void {
  room.act("turn_end", hand);
}

function stateText(hand: Hand): string {
  if (hand.state === "testing" && hand.test) return h().verdicts[hand.test];
  return h().states[hand.state];
}

function HandItem({ room, hand, place }: { room: HandRoom; hand: Hand; place: number }) {
  return (
    <li class="hand-item" data-testid="hand-item" data-state={hand.state} data-test={hand.test}>
      <span class="hand-place digits">{place}</span>
      <div class="hand-words">
        <UserText>{hand.person.name}</UserText>
        <span class="soft">
          {stateText(hand)}
          {hand.first && ` · ${h().first}`}
        </span>
      </div>
      <div class="row">
        {hand.state === "raised" && (
          <Button
            look="primary"
            icon="hand"
            testid="turn-invite"
            onClick={() => room.act("turn_invite", hand)}
          >
            {h().invite}
          </Button>
        )}
        {hand.state === "testing" && (
          <Button
            look={hand.test === "good" ? "danger" : "plain"}
            icon="microphone"
            testid="turn-start"
            onClick={() => room.act("turn_start", hand)}
          >
            {h().putOnAir}
          </Button>
        )}
        <Button testid="hand-dismiss" onClick={() => room.act("hand_dismiss", hand)}>
          {h().lowerOne}
        </Button>
      </div>
    </li>
  );
}

function Settings({ room }: { room: HandRoom }) {
  const { paused, limit, auto, push_to_talk } = room.hands.value.settings;
  const set = (change: Record<string, unknown>) => void room.line.act("hands_set", change);
  const choices = LIMITS.includes(limit) ? LIMITS : [limit, ...LIMITS];
  return (
    <details class="more" data-testid="hand-settings">
      <summary>{h().settings}</summary>
      <div class="stack">
        <Check label={h().pause} checked={paused} onChange={(on) => set({ paused: on })} />
        <Check label={h().auto} checked={auto} onChange={(on) => set({ auto: on })} />
        <Check
          label={h().pushToTalk}
          checked={push_to_talk}
          onChange={(on) => set({ push_to_talk: on })}
        />
        <Select
          label={h().limit}
          value={String(limit)}
          choices={choices.map((each) => ({ value: String(each), label: h().limits(each) }))}
          onChange={(value) => set({ limit: value === "null" ? null : Number(value) })}
        />
        <p class="hint">{h().keys}</p>
      </div>
    </details>
  );
}

/** Say the name of who has just raised a hand. */
function useSaid(room: HandRoom): void {
  const said = useRef(0);
  useSignalEffect(() => {
    const newest = inOrder(room.hands.value).reduce((a, b) => Math.max(a, b.number), 0);
    const hand = room.hands.value.known.get(newest);
    if (hand && newest > said.current) announce(h().saidRaised(hand.person.name));
    said.current = Math.max(said.current, newest);
  });
}

function Inside({ room }: { room: HandRoom }) {
  const hands = room.hands.value;
  const speaker = onAir(hands);
  const waiting = inOrder(hands);
  const next = () => void room.line.act("turn_next", {});
  const none = waiting.length === 0;
  useSaid(room);
  useShortcuts({
    KeyN: () => {
      if (!none) next();
    },
    KeyE: () => {
      if (speaker) end(room, speaker);
    },
  });
  return (
    <>
      <HandRefusal room={room} />
      {speaker && <Speaking key={speaker.number} room={room} hand={speaker} />}
      {none ? (
        <p class="soft" data-testid="no-hands">
          {h().empty}. {h().emptyHint}
        </p>
      ) : (
        <ol class="hand-list" data-testid="hand-list">
          {waiting.map((each, index) => (
            <HandItem key={each.number} room={room} hand={each} place={index + 1} />
          ))}
        </ol>
      )}
      {!none && (
        <div class="row">
          <Button icon="chevron" testid="turn-next" onClick={next}>
            {h().next}
          </Button>
          <Button testid="hands-lower" onClick={() => void room.line.act("hands_lower", {})}>
            {h().lowerAll}
          </Button>
        </div>
      )}
      {hands.settings.paused && <Notice tone="warning">{h().paused}</Notice>}
      <Settings room={room} />
    </>
  );
}

export default function HandsConsole({ lesson, socket }: { lesson: Lesson; socket: LessonSocket }) {
  const room = useHands(lesson, socket);
  if (!useHandTexts()) return <Skeleton rows={1} />;
  if (!room.ready.value) return null;
  const count = room.hands.value.known.size;
  return (
    <section class="card stack" aria-label={h().queue} data-testid="hands-console">
      <h2>
        {h().queue} {count > 0 && <span class="soft">({h().count(count)})</span>}
      </h2>
      <Inside room={room} />
    </section>
  );
}
