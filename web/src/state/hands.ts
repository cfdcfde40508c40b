/** Hands and turns as one page sees them, and the page's own part in them. */
import { batch, effect, signal, untracked } from "@preact/signals";
import type { Hand } from "../protocol/hands";
import type { Entry } from "../protocol/outbox";
import type { LessonSocket } from "../protocol/socket";
import { api } from "./app";
import { Guest } from "./guest";
import { applyHands, type Hands, joinHands, NO_HANDS, ownHand } from "./hands-reducer";
import type { QuestionRoom } from "./questions";

export class HandRoom {
  readonly hands = signal<Hands>(NO_HANDS);
  /** Whether the server has told us of hands; older servers do not. */
  readonly ready = signal(false);
  readonly guest: Guest;
  /** Whether this turn sends sound only while a button is held. */
  readonly pushToTalk = signal(false);
  readonly pressed = signal(false);
  /** Whether the next hand says that its person would like to be seen, too. */
  readonly camera = signal(false);
  /** The line of commands is the questions' own: one person, one line. */
  readonly line: QuestionRoom;
  /** The hand for which this page, and no other of the same person, opens the microphone. */
  #accepted: number | null = null;
  /** The hand whose turn we are in. */
  #turn: number | null = null;
  readonly #feed: LessonSocket["hands"];

  constructor(line: QuestionRoom, socket: LessonSocket) {
    this.line = line;
    this.#feed = socket.hands;
    this.guest = new Guest(
      async () => {
        const { whip_guest, token } = await api.grant(line.lesson, "speak");
        return { url: whip_guest, token };
      },
      (test) => this.#test(test),
    );
  }

  open(): void {
    const { line } = this;
    this.#feed.listen({
      joined: ({ seq, hands, events }) => {
        if (!hands) return;
        batch(() => {
          this.ready.value = true;
          this.hands.value = joinHands(
            this.hands.value,
            { seq, hands, events },
            line.viewer.person,
          );
        });
      },
      event: (event) => {
        this.hands.value = applyHands(this.hands.value, event, this.line.viewer.person);
      },
      mine: () => {},
      online: () => {},
    });
    effect(() => {
      const hand = ownHand(this.hands.value);
      untracked(() => this.#follow(hand));
    });
  }

  /** The lesson's position of now in ms, as far as it is known. */
  position(): number | null {
    return this.line.position();
  }

  /** Commands of hands that the server has not acknowledged yet. */
  waiting(name: string): Entry | null {
    const found = this.line.entries.value.find((each) => each.name === name);
    return found?.state === "waiting" || found?.state === "sending" ? found : null;
  }

  raise(): void {
    const at = this.position();
    const camera = this.camera.peek();
    void this.line.act("hand_raise", { ...(at === null ? {} : { at }), ...(camera && { camera }) });
  }

  lower(): void {
    const hand = ownHand(this.hands.value);
    const unsent = this.waiting("hand_raise");
    if (hand) this.#step("hand_lower", hand);
    else if (unsent?.state === "waiting") this.line.forget(unsent);
  }

  /** Say yes on this page: the microphone is asked for as soon as the server knows of the yes. */
  accept(): void {
    const hand = ownHand(this.hands.value);
    if (!hand) return;
    this.#accepted = hand.number;
    if (hand.state === "invited") this.#step("turn_accept", hand);
    else void this.guest.open();
  }

  decline(): void {
    const hand = ownHand(this.hands.value);
    this.guest.close();
    if (hand) this.#step("turn_decline", hand);
  }

  /** End our own turn; the microphone is off before anybody is asked. */
  end(): void {
    const hand = ownHand(this.hands.value);
    this.guest.close();
    this.#accepted = null;
    if (hand?.state === "on-air") this.#step("turn_end", hand);
  }

  /** Press or let go of the button to talk. */
  talk(on: boolean): void {
    const hand = ownHand(this.hands.value);
    if (!this.pushToTalk.value || hand?.state !== "on-air" || on === this.pressed.value) return;
    if (!this.guest.track.value) return;
    this.pressed.value = on;
    this.guest.talk(on);
    void this.line.act("turn_talk", { hand: hand.number, on });
  }

  /** Be heard only while the button is held, from now on, or always. */
  holdToTalk(on: boolean): void {
    const hand = ownHand(this.hands.value);
    if (hand?.state !== "on-air" || on === this.pushToTalk.value) return;
    this.pushToTalk.value = on;
    this.pressed.value = false;
    this.guest.talk(!on);
    void this.line.act("turn_talk", { hand: hand.number, on: !on });
  }

  /** Do something to somebody's hand, as a teacher. */
  act(name: string, hand: Hand): void {
    this.#step(name, hand);
  }

  /** The page is left: nothing of ours may go on sounding. */
  leave(): void {
    const state = ownHand(this.hands.value)?.state;
    if (!this.guest.track.value && !this.guest.opening.value) return;
    if (state === "on-air") this.end();
    else this.decline();
  }

  #step(name: string, hand: Hand): void {
    void this.line.act(name, { hand: hand.number });
  }

  #test(test: string): void {
    const hand = ownHand(this.hands.value);
    if (hand?.state === "testing") void this.line.act("turn_test", { hand: hand.number, test });
  }

  /** Keep the microphone in step with our hand. */
  #follow(hand: Hand | null): void {
    const speaks = hand?.state === "testing" || hand?.state === "on-air";
    if (!hand || !speaks || hand.number !== this.#accepted) {
      if (this.guest.track.peek() || this.guest.opening.peek()) this.guest.close();
    }
    if (hand?.state === "testing" && hand.number === this.#accepted) {
      if (!this.guest.problem.peek()) void this.guest.open();
    }
    if (hand?.state === "on-air") this.#onAir(hand);
    else this.#offAir();
  }

  #offAir(): void {
    this.#turn = null;
    this.pushToTalk.value = false;
    this.pressed.value = false;
    this.guest.talk(true);
  }

  /** What is so at the beginning of a turn holds until its person chooses otherwise. */
  #onAir(hand: Hand): void {
    if (this.#turn !== hand.number) {
      this.#turn = hand.number;
      this.pushToTalk.value = !hand.talking;
    }
    this.guest.talk(!this.pushToTalk.peek() || this.pressed.peek());
  }
}
