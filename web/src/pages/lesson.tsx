/** The live page of a student: one tap, then the lesson; it returns by itself after any gap. */
import { useRoute } from "preact-iso";
import { Button, LinkButton, Skeleton, StateBadge } from "../components/basics";
import { Bar } from "../components/live/bar";
import { Blocked, FORBIDDEN, refusalError } from "../components/live/blocked";
import { type Classroom, questionsShown, useClassroom } from "../components/live/classroom";
import { Scene } from "../components/live/scene";
import { names } from "../components/names";
import { useLater } from "../components/questions/later";
import { Announcer, LanguageSwitch, useTitle } from "../components/shell";
import { UserText } from "../components/user-text";
import { t } from "../i18n";
import "../styles/live.css";

function Top({ room }: { room: Classroom }) {
  const { lesson } = room;
  return (
    <header class="live-top">
      <LanguageSwitch />
      <div class="live-title">
        <h1>{lesson ? <UserText>{lesson.title}</UserText> : t().appName}</h1>
        <p class="soft">
          {lesson?.course && <UserText>{lesson.course.title}</UserText>}
          {lesson && lesson.teachers.length > 0 && <span>{names(lesson.teachers)}</span>}
        </p>
      </div>
      {lesson && <StateBadge state={lesson.state} />}
      {room.watching ? (
        <Button icon="leave" onClick={room.leave} testid="leave">
          {t().leave}
        </Button>
      ) : (
        <LinkButton
          icon="leave"
          href={lesson?.course ? `/courses/${lesson.course.id}` : "/"}
          testid="leave"
        >
          {t().leave}
        </LinkButton>
      )}
    </header>
  );
}

/** The lesson, or why it can not be seen. */
function Middle({ room }: { room: Classroom }) {
  const { live, lesson } = room;
  const retry = () => void live.retry();
  if (!room.supported) return <Blocked error={null} retry={retry} />;
  const error = live.error.value;
  if (error) return <Blocked error={error} retry={retry} />;
  if (lesson && !room.canWatch && lesson.state !== "ended") {
    return <Blocked error={FORBIDDEN} retry={retry} />;
  }
  const refusal = live.refusal.value;
  if (refusal) return <Blocked error={refusalError(refusal)} retry={retry} />;
  if (lesson) return <Scene room={room} lesson={lesson} />;
  return (
    <div class="page">
      <Skeleton rows={2} />
    </div>
  );
}

/** Live sound has no text to go with it; captions come with the recording. */
function Sound({ room }: { room: Classroom }) {
  const { live, sound } = room;
  const muted = room.muted.value || live.rewinds.value;
  return (
    <>
      <audio ref={sound.voice} muted={muted} data-testid="audio-voice" />
      <audio
        ref={sound.guest}
        muted={muted || live.speaking.value}
        data-testid="audio-guest-voice"
      />
    </>
  );
}

/** Pause and rewind; comes after everything that has to be there first. */
function Rewinding({ room }: { room: Classroom }) {
  const Bar = useLater(() => import("../components/rewind/bar"));
  return Bar && <Bar room={room} />;
}

/** What it will cost, for who has not come in yet. */
function Choice({ live }: { live: Classroom["live"] }) {
  const First = useLater(() => import("../components/live/first-choice"));
  return First && <First live={live} />;
}

function Inside({ id }: { id: string }) {
  const room = useClassroom(id);
  const Questions = useLater(() => import("../components/questions/panel"));
  const Hands = useLater(() => import("../components/hands/student"));
  const { live, lesson, watching, canWatch } = room;
  useTitle(lesson?.title ?? "");
  const refused = live.refusal.value !== null;
  const asks =
    Questions !== null &&
    questionsShown.value &&
    lesson !== null &&
    lesson.state !== "scheduled" &&
    live.socket.feed.began &&
    canWatch &&
    !refused;
  return (
    <div class={asks ? "live with-questions" : "live"}>
      <Top room={room} />
      <main id="content" class="live-main" tabIndex={-1}>
        <Middle room={room} />
        <Sound room={room} />
        {!watching && lesson && lesson.state !== "ended" && canWatch && !refused && (
          <Choice live={live} />
        )}
        {watching && lesson && !refused && (
          <div class="live-lower">
            {Hands && live.socket.hands.began && (
              <Hands lesson={lesson} socket={live.socket} speaking={live.speaking} />
            )}
            {room.rewinds && <Rewinding room={room} />}
            <Bar room={room} />
          </div>
        )}
        {asks && <Questions lesson={lesson} socket={live.socket} />}
      </main>
      <Announcer />
    </div>
  );
}

export default function LivePage() {
  const { params } = useRoute();
  const id = params.id ?? "";
  return <Inside key={id} id={id} />;
}
