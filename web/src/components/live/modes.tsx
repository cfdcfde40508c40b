/** How much of a lesson to receive: what each mode costs, and what comes just now. */
import { type Signal, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useId } from "preact/hooks";
import { language } from "../../i18n";
import { numberText } from "../../i18n/dates";
import { m, useModeTexts } from "../../i18n/modes";
import { MODES, type Mode, type ModeCosts } from "../../protocol/types";
import { api } from "../../state/app";
import { leftOf, loadSpent, type Spent, storeSpent } from "../../state/data-meter";
import type { LiveLesson } from "../../state/live";
import type { Reception } from "../../state/mode";
import {
  askReception,
  isDue,
  LOOK_PERIOD,
  perHour,
  sightOf,
  tellMode,
} from "../../state/reception";
import { Button, LinkButton } from "../basics";
import { type Classroom, chosenLayout } from "./classroom";
import { amountText, CapNotice, DataMeter, useSpent } from "./data-meter";
import "../../styles/modes.css";

/** Say in words what comes, where it is not simply what was chosen. */
function Now({ got }: { got: Reception }) {
  if (got.mode === "slides" || got.mode === "sound") return null;
  const received = got.received === "auto" ? "everything" : got.received;
  const plain = received === got.mode && !got.screen_held;
  if (plain) return null;
  return (
    <p data-testid="mode-now" role="status">
      {m().gets[received]} {got.screen_held && received === "low" && m().screenHeld}{" "}
      {got.estimate !== null &&
        received !== "everything" &&
        m().carries(numberText(Math.round(got.estimate / 1_000), language.value))}
    </p>
  );
}

/** Say what a mode costs in an hour. */
export function costText(mode: Mode, costs: ModeCosts): string {
  const megabytes = perHour(costs.bits[mode]);
  const amount = amountText(megabytes);
  const text = mode === "auto" ? m().upTo(amount) : m().perHour(amount);
  const { price } = costs;
  const money = price && numberText(megabytes * price.megabyte, language.value, 2);
  return price ? m().withPrice(text, `${money} ${price.currency}`) : text;
}

export interface ModeChoiceProps {
  mode: Mode;
  costs: ModeCosts | null;
  got: Reception | null;
  failed: boolean;
  onChoose: (mode: Mode) => void;
  children?: ComponentChildren;
}

export function ModeChoice({ mode, costs, got, failed, onChoose, children }: ModeChoiceProps) {
  const name = useId();
  return (
    <section class="panel" data-testid="modes">
      <fieldset class="modes">
        <legend>{m().title}</legend>
        {MODES.map((each) => (
          <label key={each} class="mode" data-testid={`mode-${each}`}>
            <input
              type="radio"
              name={name}
              value={each}
              checked={each === mode}
              onChange={() => onChoose(each)}
            />
            <span>
              <strong>{m().names[each]}</strong>
              <span class="soft">{m().hints[each]}</span>
            </span>
            {costs && <span class="mode-cost">{costText(each, costs)}</span>}
          </label>
        ))}
      </fieldset>
      {failed && <p role="alert">{m().failed}</p>}
      {got && <Now got={got} />}
      <p class="soft">{m().remembered}</p>
      {children}
    </section>
  );
}

/** Keep the server told of the mode, and ourselves of what comes. Returns whether it was not heard. */
function useReception(live: LiveLesson, spent: Signal<Spent>): boolean {
  const failed = useSignal(false);
  useEffect(() => {
    let over = false;
    let busy = false;
    let told: { session: unknown; mode: Mode; cap: number } | null = null;
    let asked = { ...sightOf(null, null), at: 0 };
    const look = async () => {
      const { session } = live;
      if (busy || !session || live.link.value !== "connected") return;
      const mode = chosenLayout.value === "audio" ? "sound" : live.mode.value;
      const { cap } = spent.value;
      const isNew = told?.session !== session || told.mode !== mode || told.cap !== cap;
      const sight = sightOf(live.sample.value, live.rates.value);
      const now = performance.now();
      if (!isNew && !isDue(live.reception.value, asked, sight, now)) return;
      busy = true;
      try {
        const got = await (isNew
          ? tellMode(session, mode, leftOf(spent.value))
          : askReception(session));
        if (over) return;
        told = { session, mode, cap };
        asked = { ...sight, at: now };
        live.reception.value = got;
        failed.value = false;
      } catch {
        if (!over && isNew) failed.value = true;
      } finally {
        busy = false;
      }
    };
    const timer = setInterval(() => void look(), LOOK_PERIOD);
    const stop = [live.mode, live.link, chosenLayout].map((each) =>
      each.subscribe(() => void look()),
    );
    return () => {
      over = true;
      clearInterval(timer);
      for (const each of stop) each();
    };
  }, [live]);
  return failed.value;
}

export default function Modes({ room }: { room: Classroom }) {
  const { live } = room;
  const open = useSignal(false);
  const costs = useSignal<ModeCosts | null>(null);
  const spent = useSpent(live);
  const failed = useReception(live, spent);
  useEffect(() => {
    if (!open.value) return;
    // Without the answer the menu works all the same, and says no numbers.
    void api.modes(live.id).then(
      (told) => {
        costs.value = told;
      },
      () => {},
    );
  }, [open.value]);
  const got = live.reception.value;
  if (!useModeTexts()) return null;
  return (
    <>
      <div class="live-bar">
        <Button
          icon="settings"
          pressed={open.value}
          testid="show-modes"
          onClick={() => {
            open.value = !open.value;
          }}
        >
          {m().open(m().names[live.mode.value])}
        </Button>
      </div>
      {open.value && (
        <ModeChoice
          mode={live.mode.value}
          costs={costs.value}
          got={got}
          failed={failed}
          onChoose={(mode) => live.choose(mode)}
        >
          <LinkButton icon="sound" href={`/lessons/${live.id}/listen`} testid="to-listen">
            {m().listen.open}
          </LinkButton>
          <DataMeter
            lesson={live.id}
            spent={spent.value}
            price={costs.value?.price ?? null}
            onCap={(cap) => {
              spent.value = { ...loadSpent(Date.now()), cap };
              storeSpent(spent.value);
            }}
          />
        </ModeChoice>
      )}
      {got && <CapNotice left={got.left} lowered={got.lowered} />}
    </>
  );
}
