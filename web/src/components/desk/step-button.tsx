/** The buttons of what can be done with an entry of the teacher's list. */
import { d } from "../../i18n/desk";
import { h } from "../../i18n/hands";
import { q } from "../../i18n/questions";
import type { Item } from "../../state/queue";
import { mainStep, type Step, stepsOf } from "../../state/steps";
import { Button } from "../basics";
import type { IconName } from "../icon";

const ICONS: Partial<Record<Step, IconName>> = {
  invite: "hand",
  air: "microphone",
  end: "stop",
  extend: "clock",
  play: "sound",
  stop: "stop",
  restore: "undo",
};

/** Names by which tests find the buttons of hands. */
const TEST_IDS: Partial<Record<Step, string>> = {
  invite: "turn-invite",
  air: "turn-start",
  end: "turn-end",
  extend: "turn-extend",
  lower: "hand-dismiss",
};

function stepName(step: Step, item: Item): string {
  const { begin, done, inText, later, hideQuestion, approve, reopen, merge } = q();
  const again = item.kind === "note" && item.note.state !== "ready";
  return {
    begin,
    done,
    text: inText,
    later,
    dismiss: hideQuestion,
    approve,
    reopen,
    merge,
    invite: h().invite,
    air: h().putOnAir,
    end: h().endTurn,
    extend: h().extend,
    lower: h().lowerOne,
    play: again ? d().playAgain : d().play,
    stop: d().stop,
    aside: d().aside,
    restore: d().restore,
  }[step];
}

export type Take = (item: Item, step: Step) => void;

export function StepButton(props: { item: Item; step: Step; take: Take; large?: boolean }) {
  const { item, step } = props;
  const main = step === mainStep(item);
  const icon = ICONS[step];
  // A student who may go on air now: the one button that puts them there is red.
  const red =
    step === "end" || (step === "air" && item.kind === "hand" && item.hand.test === "good");
  return (
    <Button
      look={red ? "danger" : main ? "primary" : "plain"}
      large={props.large === true && main}
      testid={TEST_IDS[step] ?? `step-${step}`}
      {...(icon ? { icon } : {})}
      onClick={() => props.take(item, step)}
    >
      {stepName(step, item)}
    </Button>
  );
}

/** All steps, or all but the main one where that has a place of its own. */
export function StepButtons(props: { item: Item; take: Take; rest?: boolean; large?: boolean }) {
  const { item, take, large } = props;
  const main = mainStep(item);
  return (
    <>
      {stepsOf(item)
        .filter((step) => !props.rest || step !== main)
        .map((step) => (
          <StepButton key={step} item={item} step={step} take={take} large={large === true} />
        ))}
    </>
  );
}
