/** The stage of a student's page, and what stands on it where no picture does. */
import { t } from "../../i18n";
import type { Lesson } from "../../protocol/types";
import { VIDEO_SLOTS } from "../../protocol/types";
import { serverNow } from "../../state/app";
import { shownIn } from "../../state/mode";
import { type StillReasons, stillReasons } from "../../state/still";
import { Button, LinkButton } from "../basics";
import { Icon } from "../icon";
import { useLater } from "../questions/later";
import { Stage, StageBanner, StageMessage } from "../stage";
import { type Classroom, chosenLayout } from "./classroom";

/** What comes before the lesson; who comes later needs nothing of it. */
function Before({ lesson }: { lesson: Lesson }) {
  const Later = useLater(() => import("./waiting"));
  return Later && <Later lesson={lesson} />;
}

/** What comes after the lesson; nothing of it is needed before. */
function Over({ room, lesson }: { room: Classroom; lesson: Lesson }) {
  const Later = useLater(() => import("./over"));
  return Later && <Later room={room} lesson={lesson} />;
}

/** Ms after which somebody who comes has missed something. */
const LATE = 30_000;

function isLate(lesson: Lesson): boolean {
  return lesson.started_at !== null && serverNow() - Date.parse(lesson.started_at) > LATE;
}

/** One tap brings the lesson with its sound. */
function Door({ room, lesson }: { room: Classroom; lesson: Lesson }) {
  if (room.left) {
    return (
      <StageMessage title={t().leftTitle} testid="left">
        <p class="soft">{t().leftHint}</p>
        <Button look="primary" large icon="play" onClick={room.watch} testid="watch">
          {t().comeBack}
        </Button>
        <LinkButton href="/courses">{t().toCourses}</LinkButton>
      </StageMessage>
    );
  }
  return (
    <StageMessage title={lesson.title}>
      <Button look="primary" large icon="play" onClick={room.watch} testid="watch">
        {t().joinWithSound}
      </Button>
      <p class="soft">{t().joinWithSoundHint}</p>
      {room.rewinds && isLate(lesson) && (
        <Button icon="backward" onClick={room.watchFromStart} testid="from-start">
          {t().watchFromStart}
        </Button>
      )}
    </StageMessage>
  );
}

/** Why nothing moves, while somebody watches. */
function Interruption({ room, still }: { room: Classroom; still: StillReasons }) {
  if (room.live.connection.value === "reconnecting") {
    return (
      <StageBanner
        title={t().connection.reconnecting}
        hint={t().connectionHint.reconnecting}
        testid="self-reconnecting"
      />
    );
  }
  if (!still.teacher) return null;
  return (
    <StageBanner
      title={t().teacherReconnecting}
      hint={t().teacherReconnectingHint}
      testid="teacher-reconnecting"
    />
  );
}

/** What of the lesson is to be seen, in the mode that was chosen. */
function shownOn({ live }: Classroom) {
  return shownIn(live.view.value, live.slots.value, live.mode.value, live.reception.value);
}

/** What is on the stage while there is no picture to see. */
function NoPicture({ room }: { room: Classroom }) {
  const recorded = room.live.recorded.value;
  const { slots, slide } = shownOn(room);
  const sent = room.live.slots.value;
  if (recorded && VIDEO_SLOTS.some((slot) => recorded[slot] !== "hidden")) return null;
  const seen = slide || slots.screen || slots.camera || slots.guest;
  const held = !seen && (sent.screen || sent.camera || sent.guest);
  if (chosenLayout.value === "audio" || (held && !recorded)) {
    return (
      <StageMessage title={t().audioOnlyTitle} testid="audio-only">
        <Icon name="sound" large />
        <p class="soft">{t().audioOnlyHint}</p>
      </StageMessage>
    );
  }
  if (recorded || seen) return null;
  return (
    <StageMessage title={slots.voice ? t().cameraOff : t().noSourceYet} testid="nothing">
      <p class="soft">{t().noSourceHint}</p>
    </StageMessage>
  );
}

function SoundBlocked({ room }: { room: Classroom }) {
  if (!room.live.soundBlocked.value || room.live.rewinds.value) return null;
  return (
    <StageMessage title={t().tapForSound} cover>
      <p>{t().tapForSoundHint}</p>
      <Button look="primary" large icon="sound" onClick={room.sound.play} testid="watch">
        {t().tapForSound}
      </Button>
    </StageMessage>
  );
}

/** What was on air before, when somebody goes back to it. */
function Rewinding({ room }: { room: Classroom }) {
  const Recorded = useLater(() => import("../rewind/stage"));
  return Recorded && <Recorded room={room} />;
}

function OnStage({
  room,
  lesson,
  still,
}: {
  room: Classroom;
  lesson: Lesson;
  still: StillReasons;
}) {
  if (lesson.state === "ended") return <Over room={room} lesson={lesson} />;
  if (!room.onAir) return <Before lesson={lesson} />;
  if (!room.watching) return <Door room={room} lesson={lesson} />;
  return (
    <>
      <SoundBlocked room={room} />
      <Interruption room={room} still={still} />
      <NoPicture room={room} />
      {room.rewinds && <Rewinding room={room} />}
    </>
  );
}

export function Scene({ room, lesson }: { room: Classroom; lesson: Lesson }) {
  const { live, watching } = room;
  const { slots, slide: shown } = shownOn(room);
  const still = stillReasons(live.view.value?.sources ?? {}, slots, live.reception.value?.held);
  const recorded = live.recorded.value;
  const slide = recorded ? null : shown;
  const Still = useLater(() => import("../slides/still"));
  return (
    <Stage
      stageRef={room.stage}
      streams={live.streams}
      slots={watching ? slots : {}}
      layout={chosenLayout.value}
      still={recorded ? {} : still}
      recorded={recorded}
      slide={
        watching && slide && Still
          ? (place) => (
              <Still lesson={lesson.id} slide={slide} main={place === "main"} live={live} />
            )
          : undefined
      }
    >
      <OnStage room={room} lesson={lesson} still={still} />
    </Stage>
  );
}
