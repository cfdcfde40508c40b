/** From practice over live to the end, and the way out. */
import { useSignal } from "@preact/signals";
import { t } from "../../i18n";
import { w } from "../../i18n/teach";
import type { Lesson } from "../../protocol/types";
import { useAction } from "../../state/action";
import type { Studio } from "../../state/studio";
import { Button, Dialog, LinkButton, Notice, Problem } from "../basics";

/** The button that leads to the next state of the lesson. */
export function Steps({ studio, lesson }: { studio: Studio; lesson: Lesson }) {
  const action = useAction();
  const ending = useSignal(false);
  const ready = studio.camera.value !== null || studio.microphone.value !== null;
  const sending = studio.sending.value;
  const open = lesson.state === "live" || lesson.state === "practice";
  const isOff = open && !sending && !studio.returning.value;
  const step = (work: () => Promise<void>) => () => {
    void action.run(async () => {
      try {
        await work();
      } catch (problem) {
        await studio.load();
        throw problem;
      }
    });
  };
  return (
    <div class="stack">
      {lesson.state === "practice" && sending && (
        <Notice tone="info" title={w().practiceOn} testid="practice-on">
          {w().practiceLead}
        </Notice>
      )}
      {isOff && (
        <Notice tone="warning" testid="off-air">
          {w().backOnAirHint}
        </Notice>
      )}
      {action.error.value && <Problem error={action.error.value} />}
      <div class="row">
        {isOff && (
          <Button
            look="primary"
            large
            icon="play"
            disabled={!ready}
            testid="back-on-air"
            onClick={() => studio.send()}
          >
            {w().backOnAir}
          </Button>
        )}
        {lesson.state === "scheduled" && (
          <Button
            large
            disabled={!ready}
            busy={action.busy.value}
            testid="practice"
            onClick={step(() => studio.practise())}
          >
            {w().startPractice}
          </Button>
        )}
        {(lesson.state === "scheduled" || (lesson.state === "practice" && sending)) && (
          <Button
            look="danger"
            large
            icon="play"
            disabled={!ready}
            busy={action.busy.value}
            testid="go-live"
            onClick={step(() => studio.goLive())}
          >
            {w().goLive}
          </Button>
        )}
        {lesson.state === "live" && (
          <Button
            icon="stop"
            large
            testid="end"
            onClick={() => {
              ending.value = true;
            }}
          >
            {w().endLesson}
          </Button>
        )}
      </div>
      <Dialog
        title={w().endTitle}
        open={ending.value}
        onClose={() => {
          ending.value = false;
        }}
      >
        <p>{w().endHint}</p>
        <div class="row">
          <Button
            look="danger"
            icon="stop"
            busy={action.busy.value}
            testid="end-confirm"
            onClick={() => {
              ending.value = false;
              step(() => studio.end())();
            }}
          >
            {w().endLesson}
          </Button>
          <Button
            onClick={() => {
              ending.value = false;
            }}
          >
            {w().keepTeaching}
          </Button>
        </div>
      </Dialog>
    </div>
  );
}

/** The way out; while live it asks first, for students would lose their teacher. */
export function Leave({ studio }: { studio: Studio }) {
  const asking = useSignal(false);
  const lesson = studio.lesson.value;
  const href = lesson?.course ? `/courses/${lesson.course.id}` : "/";
  if (lesson?.state !== "live" || !studio.sending.value) {
    return (
      <LinkButton icon="leave" href={href} testid="leave">
        {t().leave}
      </LinkButton>
    );
  }
  const stay = () => {
    asking.value = false;
  };
  return (
    <>
      <Button
        icon="leave"
        testid="leave"
        onClick={() => {
          asking.value = true;
        }}
      >
        {t().leave}
      </Button>
      <Dialog title={w().leaveAirTitle} open={asking.value} onClose={stay}>
        <p>{w().leaveAirHint}</p>
        <div class="row">
          <Button look="primary" onClick={stay}>
            {w().keepTeaching}
          </Button>
          <LinkButton href={href} testid="leave-confirm">
            {w().leaveAir}
          </LinkButton>
        </div>
      </Dialog>
    </>
  );
}
