/** The live page of a student: one tap, then the lesson; it returns by itself after any gap. */
import { type Signal, useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { useRoute } from "preact-iso";
import { Button, LinkButton, Segments, Skeleton, StateBadge } from "../components/basics";
import { Connection, StatsPanel } from "../components/connection";
import { Icon } from "../components/icon";
import { names } from "../components/lesson-card";
import { useLater } from "../components/questions/later";
import { Announcer, LanguageSwitch, useTitle } from "../components/shell";
import { ShortcutList } from "../components/shortcut-list";
import { Stage, StageBanner, StageMessage } from "../components/stage";
import { Countdown } from "../components/time";
import { UserText } from "../components/user-text";
import { t } from "../i18n";
import { ApiError } from "../protocol/api";
import type { Lesson } from "../protocol/types";
import { announce } from "../state/announcer";
import { person, remembered } from "../state/app";
import { expose } from "../state/debug";
import { type Layout, nextLayout } from "../state/layout";
import { LiveLesson } from "../state/live";
import { useShortcuts } from "../state/shortcuts";
import { stillReasons } from "../state/still";
import "../styles/live.css";

const chosenLayout = remembered<Layout>("layout", "both");

/** Whether the questions stand beside the lesson. */
const questionsShown = remembered<boolean>("questions", true);

const KEYS = [
  ["KeyF", "fullscreen"],
  ["KeyM", "mute"],
  ["KeyV", "layout"],
  ["KeyI", "stats"],
  ["KeyQ", "ask"],
  ["KeyH", "hand"],
] as const;

/** Remember for this tab that the person has tapped, so that a reload goes straight on. */
function rememberTap(id: string): void {
  try {
    sessionStorage.setItem(`darsgoh.watching.${id}`, "1");
  } catch {
    // Then a reload asks for one more tap.
  }
}

function hasTapped(id: string): boolean {
  try {
    return sessionStorage.getItem(`darsgoh.watching.${id}`) !== null;
  } catch {
    return false;
  }
}

/** Why this page can not show the lesson, and what helps. */
export function Blocked({ error, retry }: { error: ApiError | null; retry: () => void }) {
  const texts = t().blocked;
  const status = error?.status ?? 0;
  const signedIn = person.value !== null;
  let text = texts.right;
  if (error === null) text = texts.old;
  else if (status === 404) text = texts.missing;
  else if (status === 401 && signedIn) text = texts.token;
  else if (!signedIn && (status === 401 || status === 403)) text = texts.signIn;
  else if (status === 0) text = t().problems.offline;
  const next = `/sign-in?next=${encodeURIComponent(location.pathname)}`;
  return (
    <div class="centre" data-testid="blocked">
      <Icon name="warning" large />
      <h2>{t().blockedTitle}</h2>
      <p>{text}</p>
      <div class="row">
        {!signedIn && error && (
          <LinkButton look="primary" href={next}>
            {t().goSignIn}
          </LinkButton>
        )}
        {error && (
          <LinkButton href="/join" outside>
            {t().goJoin}
          </LinkButton>
        )}
        {error && <Button onClick={retry}>{t().retry}</Button>}
      </div>
    </div>
  );
}

/** A lesson we may see but not watch. */
const FORBIDDEN = new ApiError("not-allowed", 403);

/** The server's word for a browser that decodes nothing of what we send. */
const NO_CODEC = "no-common-codec";

/** Make an error of the media server's last word. */
function refused(code: string): ApiError {
  if (code === "not-allowed") return FORBIDDEN;
  return new ApiError(code, code === "not-found" ? 404 : 401);
}

function Waiting({ lesson }: { lesson: Lesson }) {
  return (
    <StageMessage title={t().waitTitle} testid="waiting">
      {lesson.teachers.length > 0 && <p>{t().lessonBy(names(lesson.teachers))}</p>}
      {lesson.state === "practice" ? (
        <p class="soft">{t().practiceHint}</p>
      ) : (
        lesson.starts_at && <Countdown at={lesson.starts_at} />
      )}
      <p class="soft">{t().waitHint}</p>
    </StageMessage>
  );
}

function Over({ lesson }: { lesson: Lesson }) {
  return (
    <StageMessage title={t().endedTitle} testid="ended">
      <p class="soft">{t().endedHint}</p>
      <LinkButton look="primary" href={lesson.course ? `/courses/${lesson.course.id}` : "/"}>
        {lesson.course ? lesson.course.title : t().toStart}
      </LinkButton>
    </StageMessage>
  );
}

/** The sound of the lesson; pictures are always silent. */
function useSound(live: LiveLesson, blocked: Signal<boolean>) {
  const voice = useRef<HTMLAudioElement>(null);
  const guest = useRef<HTMLAudioElement>(null);
  const start = (element: HTMLAudioElement | null) => {
    element?.play().then(
      () => {
        blocked.value = false;
      },
      (problem: unknown) => {
        // An element that has no stream yet, or got a new one meanwhile, fails in other ways: no harm.
        if (problem instanceof DOMException && problem.name === "NotAllowedError") {
          blocked.value = true;
        }
      },
    );
  };
  useSignalEffect(() => {
    for (const [ref, stream] of [
      [voice, live.voices.voice.value],
      [guest, live.voices["guest-voice"].value],
    ] as const) {
      const element = ref.current;
      if (!element || element.srcObject === stream) continue;
      element.srcObject = stream;
      if (stream) start(element);
    }
  });
  // Both in the same tap: after an await it no longer counts in Safari.
  const play = () => {
    start(voice.current);
    start(guest.current);
  };
  return { voice, guest, play };
}

function useWakeLock(wanted: boolean): void {
  useEffect(() => {
    if (!wanted || !("wakeLock" in navigator)) return;
    let lock: WakeLockSentinel | null = null;
    let over = false;
    const ask = async () => {
      if (document.visibilityState !== "visible") return;
      try {
        lock = await navigator.wakeLock.request("screen");
        if (over) await lock.release();
      } catch {
        // A low battery may forbid it; the lesson goes on.
      }
    };
    void ask();
    document.addEventListener("visibilitychange", ask);
    return () => {
      over = true;
      document.removeEventListener("visibilitychange", ask);
      void lock?.release();
    };
  }, [wanted]);
}

function useFullscreen(element: { current: HTMLElement | null }) {
  const on = useSignal(false);
  useEffect(() => {
    const look = () => {
      on.value = document.fullscreenElement !== null;
    };
    document.addEventListener("fullscreenchange", look);
    return () => document.removeEventListener("fullscreenchange", look);
  }, [on]);
  const toggle = () => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void element.current?.requestFullscreen?.().catch(() => {});
  };
  return { on, toggle, possible: document.fullscreenEnabled === true };
}

async function togglePip(stage: HTMLElement | null): Promise<void> {
  const video = stage?.querySelector<HTMLVideoElement>('[data-place="main"] video');
  try {
    if (document.pictureInPictureElement) await document.exitPictureInPicture();
    else await video?.requestPictureInPicture();
  } catch {
    // No picture yet, or the system says no: nothing is lost.
  }
}

function Classroom({ id }: { id: string }) {
  const live = useMemo(() => new LiveLesson(id), [id]);
  const soundBlocked = live.soundBlocked;
  const muted = useSignal(false);
  const left = useSignal(false);
  const details = useSignal(false);
  const keysShown = useSignal(false);
  const stage = useRef<HTMLDivElement>(null);
  const full = useFullscreen(stage);
  const sound = useSound(live, soundBlocked);
  const waited = useRef(false);
  const Questions = useLater(() => import("../components/questions/panel"));
  const Hands = useLater(() => import("../components/hands/student"));
  const lesson = live.lesson.value;
  const canWatch = useComputed(() => live.lesson.value?.rights.includes("watch") ?? false);
  const rehearses = lesson?.state === "practice" && lesson.rights.includes("publish");
  const onAir = lesson?.state === "live" || rehearses;
  const supported = "RTCPeerConnection" in window;

  useTitle(lesson?.title ?? "");
  useEffect(() => {
    live.open();
    expose({ player: () => live.pc, lesson: () => live });
    return () => live.close();
  }, [live]);

  const watch = () => {
    rememberTap(id);
    left.value = false;
    live.watch();
    sound.play();
  };

  // Who waited here enters by itself; who tapped before a reload does not tap again.
  useEffect(() => {
    if (lesson?.state === "scheduled" || lesson?.state === "practice") waited.current = true;
    if (!onAir || !canWatch.value || left.value || live.watching.value || !supported) return;
    if (waited.current || hasTapped(id)) watch();
  }, [lesson?.state, onAir]);

  useEffect(() => {
    if (lesson?.state === "ended") announce(t().endedTitle);
  }, [lesson?.state]);

  const watching = live.watching.value && onAir === true;
  useWakeLock(watching);

  const toggleMute = () => {
    muted.value = !muted.value;
  };
  useShortcuts({
    KeyF: full.toggle,
    KeyM: toggleMute,
    KeyV: () => {
      chosenLayout.value = nextLayout(chosenLayout.value);
    },
    KeyI: () => {
      details.value = !details.value;
    },
  });

  const leave = () => {
    live.unwatch();
    left.value = true;
  };

  const layout = chosenLayout.value;
  const slots = live.slots.value;
  const anything = Boolean(slots.screen || slots.camera || slots.guest);
  const refusal = live.refusal.value;
  const still = stillReasons(live.view.value?.sources ?? {}, slots);
  const away = watching && live.connection.value === "reconnecting";

  const asks =
    Questions !== null &&
    questionsShown.value &&
    lesson !== null &&
    lesson.state !== "scheduled" &&
    live.socket.feed.began &&
    canWatch.value &&
    !refusal;

  return (
    <div class={asks ? "live with-questions" : "live"}>
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
        {watching ? (
          <Button icon="leave" onClick={leave} testid="leave">
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
      <main id="content" class="live-main" tabIndex={-1}>
        {live.error.value ||
        !supported ||
        (lesson && !canWatch.value && lesson.state !== "ended") ? (
          <Blocked
            error={supported ? (live.error.value ?? FORBIDDEN) : null}
            retry={() => void live.retry()}
          />
        ) : refusal ? (
          <Blocked
            error={refusal === NO_CODEC ? null : refused(refusal)}
            retry={() => void live.retry()}
          />
        ) : !lesson ? (
          <div class="page">
            <Skeleton rows={2} />
          </div>
        ) : (
          <Stage
            stageRef={stage}
            streams={live.streams}
            slots={watching ? slots : {}}
            layout={layout}
            still={still}
          >
            {lesson.state === "ended" ? (
              <Over lesson={lesson} />
            ) : !onAir ? (
              <Waiting lesson={lesson} />
            ) : left.value ? (
              <StageMessage title={t().leftTitle} testid="left">
                <p class="soft">{t().leftHint}</p>
                <Button look="primary" large icon="play" onClick={watch} testid="watch">
                  {t().comeBack}
                </Button>
                <LinkButton href="/courses">{t().toCourses}</LinkButton>
              </StageMessage>
            ) : !watching ? (
              <StageMessage title={lesson.title}>
                <Button look="primary" large icon="play" onClick={watch} testid="watch">
                  {t().joinWithSound}
                </Button>
                <p class="soft">{t().joinWithSoundHint}</p>
              </StageMessage>
            ) : (
              <>
                {soundBlocked.value && (
                  <StageMessage title={t().tapForSound} cover>
                    <p>{t().tapForSoundHint}</p>
                    <Button
                      look="primary"
                      large
                      icon="sound"
                      onClick={() => sound.play()}
                      testid="watch"
                    >
                      {t().tapForSound}
                    </Button>
                  </StageMessage>
                )}
                {away && (
                  <StageBanner
                    title={t().connection.reconnecting}
                    hint={t().connectionHint.reconnecting}
                    testid="self-reconnecting"
                  />
                )}
                {!away && still.teacher && (
                  <StageBanner
                    title={t().teacherReconnecting}
                    hint={t().teacherReconnectingHint}
                    testid="teacher-reconnecting"
                  />
                )}
                {layout === "audio" ? (
                  <StageMessage title={t().audioOnlyTitle} testid="audio-only">
                    <Icon name="sound" large />
                    <p class="soft">{t().audioOnlyHint}</p>
                  </StageMessage>
                ) : (
                  !anything && (
                    <StageMessage
                      title={slots.voice ? t().cameraOff : t().noSourceYet}
                      testid="nothing"
                    >
                      <p class="soft">{t().noSourceHint}</p>
                    </StageMessage>
                  )
                )}
              </>
            )}
          </Stage>
        )}
        {/* Live sound has no text to go with it; captions come with the recording. */}
        <audio ref={sound.voice} muted={muted.value} data-testid="audio-voice" />
        <audio
          ref={sound.guest}
          muted={muted.value || live.speaking.value}
          data-testid="audio-guest-voice"
        />
        {watching && !refusal && (
          <div class="live-lower">
            {Hands && live.socket.hands.began && (
              <Hands lesson={lesson} socket={live.socket} speaking={live.speaking} />
            )}
            <div class="live-bar">
              <Connection name={live.connection.value} />
              {live.view.value && (
                <span class="soft" data-testid="present">
                  <Icon name="people" /> {t().watching(live.view.value.present.students)}
                </span>
              )}
              <span class="grow" />
              <Segments
                label={t().layout}
                testid="layout"
                value={layout}
                choices={(["both", "slides", "speaker", "audio"] as const).map((value) => ({
                  value,
                  label: t().layouts[value],
                }))}
                onChange={(value) => {
                  chosenLayout.value = value as Layout;
                }}
              />
              <div class="row">
                <Button
                  icon="question"
                  label={questionsShown.value ? t().hideQuestions : t().showQuestions}
                  pressed={questionsShown.value}
                  testid="show-questions"
                  onClick={() => {
                    questionsShown.value = !questionsShown.value;
                  }}
                />
                <Button
                  icon={muted.value ? "soundOff" : "sound"}
                  label={muted.value ? t().unmute : t().mute}
                  onClick={toggleMute}
                  testid="mute"
                />
                {full.possible && (
                  <Button
                    icon={full.on.value ? "exitFullscreen" : "fullscreen"}
                    label={full.on.value ? t().exitFullscreen : t().fullscreen}
                    onClick={full.toggle}
                    testid="fullscreen"
                  />
                )}
                {document.pictureInPictureEnabled && (
                  <Button
                    icon="pip"
                    label={t().pip}
                    onClick={() => void togglePip(stage.current)}
                    testid="pip"
                  />
                )}
                <Button
                  icon="chart"
                  label={t().stats}
                  pressed={details.value}
                  testid="show-stats"
                  onClick={() => {
                    details.value = !details.value;
                  }}
                />
                <Button
                  icon="keyboard"
                  label={t().shortcuts}
                  pressed={keysShown.value}
                  onClick={() => {
                    keysShown.value = !keysShown.value;
                  }}
                />
              </div>
            </div>
            {details.value && (
              <StatsPanel
                lesson={id}
                facts={{
                  state: `${t().connection[live.connection.value]} (${live.link.value}, ${live.socketState.value})`,
                  sample: live.sample.value,
                  rates: live.rates.value,
                }}
              />
            )}
            {keysShown.value && <ShortcutList keys={KEYS} />}
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
  return <Classroom key={id} id={id} />;
}
