/** Each component in every state, in both themes; the language switch above shows every language. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import {
  Button,
  Check,
  CopyField,
  Dialog,
  Empty,
  Field,
  LinkButton,
  Notice,
  PasswordField,
  Problem,
  Segments,
  Select,
  Skeleton,
  StateBadge,
} from "../components/basics";
import { Connection } from "../components/connection";
import DeskSamples from "../components/desk/samples";
import HandSamples from "../components/hands/samples";
import { Invite } from "../components/invite";
import { LessonCard } from "../components/lesson-card";
import { LevelMeter } from "../components/level";
import LibrarySamples from "../components/library/samples";
import { Blocked } from "../components/live/blocked";
import ModeSamples from "../components/live/mode-samples";
import NoteSamples from "../components/notes/samples";
import { Qr } from "../components/qr";
import QuestionSamples from "../components/questions/samples";
import ReplaySamples from "../components/replay/samples";
import { Page } from "../components/shell";
import { keyRows, ShortcutList } from "../components/shortcut-list";
import SlideSamples from "../components/slides/samples";
import { Stage, StageBanner, StageMessage } from "../components/stage";
import { StatsPanel } from "../components/stats-panel";
import { Countdown } from "../components/time";
import { t } from "../i18n";
import { useTeachTexts, w } from "../i18n/teach";
import { ApiError } from "../protocol/api";
import type { Course, Demo, Lesson, LessonState } from "../protocol/types";
import { serverNow } from "../state/app";
import type { Layout, Slots, VideoSlot } from "../state/layout";
import type { ConnectionName } from "../state/live";
import { CourseCard } from "./courses";

import { DemoHero } from "./start";
import "../styles/live.css";
import "../styles/gallery.css";

const HOUR = 3_600_000;

function sampleLesson(state: LessonState, rights: Lesson["rights"] = ["see", "watch"]): Lesson {
  const at = (hours: number) => new Date(serverNow() + hours * HOUR).toISOString();
  return {
    id: `sample-${state}`,
    course: { id: "sample", title: "Асосҳои информатика" },
    title: "Байт чист? Ҳашт бит якҷоя",
    public: state === "ended",
    state,
    starts_at: at(state === "scheduled" ? 26 : -1),
    started_at: state === "live" ? at(-0.5) : null,
    ended_at: null,
    teachers: [{ id: "z", name: "Зарина Раҳимова" }],
    rights,
  };
}

const COURSE: Course = {
  id: "sample",
  title: "Асосҳои информатика",
  description: "Шаш моҳ, ду бегоҳ дар ҳафта. Основы информатики для начинающих.",
  my_role: "student",
  teachers: [{ id: "z", name: "Зарина Раҳимова" }],
  student_count: 21,
  lessons_count: 2,
  live_lesson: null,
  next_lesson: null,
};

const DEMO: Demo = {
  lesson: { id: "sample", title: "Байт чист?" },
  links: [
    { role: "student", url: "#student" },
    { role: "teacher", url: "#teacher" },
    { role: "staff", url: "#staff" },
  ],
};

/** Draw a picture that moves a little, as a camera's or a slide's would. */
function usePicture(colour: string, words: string): MediaStream | null {
  const canvas = useMemo(() => document.createElement("canvas"), []);
  const stream = useMemo(() => canvas.captureStream?.(2) ?? null, [canvas]);
  useEffect(() => {
    canvas.width = 640;
    canvas.height = 360;
    const context = canvas.getContext("2d");
    let turn = 0;
    const draw = () => {
      if (!context) return;
      context.fillStyle = colour;
      context.fillRect(0, 0, 640, 360);
      context.fillStyle = "#ffffff";
      context.font = "600 44px system-ui, sans-serif";
      context.fillText(words, 48, 190);
      context.fillRect(48, 300, 40 + (turn % 10) * 50, 8);
      turn += 1;
    };
    draw();
    const timer = setInterval(draw, 500);
    return () => clearInterval(timer);
  }, [canvas, colour, words]);
  return stream;
}

function Sample({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div class="sample">
      <h3>{title}</h3>
      {children}
    </div>
  );
}

function Buttons() {
  return (
    <Sample title="Button">
      <div class="row">
        <Button look="primary">{t().joinButton}</Button>
        <Button>{t().cancel}</Button>
        <Button look="danger" icon="play">
          {w().goLive}
        </Button>
        <Button look="quiet">{t().remove}</Button>
        <Button look="alert" icon="microphoneOff">
          {w().micOn}
        </Button>
        <LinkButton href="#content" icon="eye">
          {w().studentView}
        </LinkButton>
      </div>
      <div class="row">
        <Button look="primary" busy>
          {t().joinButton}
        </Button>
        <Button disabled icon="camera">
          {w().startPractice}
        </Button>
        <Button icon="sound" label={t().mute} />
        <Button icon="chart" label={t().stats} pressed />
        <Button look="primary" large icon="play">
          {t().joinWithSound}
        </Button>
      </div>
    </Sample>
  );
}

function Forms() {
  const checked = useSignal(true);
  const segment = useSignal("both");
  return (
    <>
      <Sample title="Field">
        <Field label={t().joinName} hint={t().joinNameHint} value="Фирдавс" required />
        <Field label={t().login} value="firdavs" required error={t().problems["login-taken"]} />
        <Field label={t().courseDescription} />
        <div class="code-input">
          <Field label={t().joinCode} value="482 915" required />
        </div>
        <PasswordField label={t().password} value="correct horse" autocomplete="off" />
      </Sample>
      <Sample title="Choice">
        <Select
          label={w().camera}
          value="a"
          choices={[
            { value: "a", label: "HD WebCam" },
            { value: "b", label: w().noCamera },
          ]}
          onChange={() => {}}
        />
        <Check
          label={t().shortcutsOn}
          checked={checked.value}
          onChange={(on) => {
            checked.value = on;
          }}
        />
        <Segments
          label={t().layout}
          value={segment.value}
          choices={(["both", "slides", "speaker", "audio"] as const).map((value) => ({
            value,
            label: t().layouts[value],
          }))}
          onChange={(value) => {
            segment.value = value;
          }}
        />
        <CopyField label={t().joinLink} value="https://darsgoh.example/join/482915" />
      </Sample>
    </>
  );
}

function Messages() {
  return (
    <>
      <Sample title="Notice">
        <Notice tone="info" title={w().practiceOn}>
          {w().practiceLead}
        </Notice>
        <Notice tone="success">{t().passwordSaved}</Notice>
        <Notice tone="warning">{w().mutedSpeaking}</Notice>
        <Problem error={new ApiError("offline", 0)} retry={() => {}} />
      </Sample>
      <Sample title="Device problems">
        {Object.entries(t().deviceErrors).map(([name, text]) => (
          <Notice key={name} tone="error">
            {text}
          </Notice>
        ))}
      </Sample>
      <Sample title="Problems">
        {Object.entries(t().problems).map(([code, text]) => (
          <Notice key={code} tone="error" title={code}>
            {typeof text === "string" ? text : text("code")}
          </Notice>
        ))}
      </Sample>
      <Sample title="Empty, loading">
        <Empty icon="lesson" title={t().nothingNext}>
          {t().nothingNextHint}
        </Empty>
        <Skeleton rows={2} />
      </Sample>
    </>
  );
}

const STATES: readonly LessonState[] = ["scheduled", "practice", "live", "ended"];

function Cards() {
  return (
    <>
      <Sample title="Badge">
        <div class="row">
          {STATES.map((state) => (
            <StateBadge key={state} state={state} />
          ))}
        </div>
      </Sample>
      <Sample title="Lesson card">
        {STATES.map((state) => (
          <LessonCard key={state} lesson={sampleLesson(state)} />
        ))}
        <LessonCard lesson={sampleLesson("live", ["see", "watch", "publish", "teach"])} />
      </Sample>
      <Sample title="Course card">
        <CourseCard course={COURSE} />
        <CourseCard course={{ ...COURSE, my_role: "teacher", live_lesson: sampleLesson("live") }} />
      </Sample>
      <Sample title="Demo">
        <DemoHero demo={DEMO} />
      </Sample>
      <Sample title="Invite">
        <Invite code="482915" link="https://darsgoh.example/join/482915" />
        <Qr text="https://darsgoh.example/join/482915" label={t().joinLink} />
      </Sample>
    </>
  );
}

const CONNECTIONS: readonly ConnectionName[] = [
  "connecting",
  "good",
  "slow",
  "bad",
  "reconnecting",
  "offline",
  "web",
];

function StageSample(props: {
  title: string;
  layout: Layout;
  slots: Slots;
  still?: Partial<Record<VideoSlot, string>>;
  children?: ComponentChildren;
}) {
  const screen = usePicture("#0f6b62", "8 bit = 1 byte");
  const camera = usePicture("#6b3f0f", "☺");
  const streams: Partial<Record<"screen" | "camera", MediaStream>> = {};
  if (screen) streams.screen = screen;
  if (camera) streams.camera = camera;
  return (
    <Sample title={props.title}>
      <div class="sample-stage">
        <Stage
          streams={streams}
          slots={props.slots}
          layout={props.layout}
          still={props.still ?? {}}
        >
          {props.children}
        </Stage>
      </div>
    </Sample>
  );
}

function Live() {
  const slots: Slots = { screen: "screen", camera: "camera", voice: "voice" };
  const held = { screen: t().held, camera: t().held };
  return (
    <>
      <Sample title="Connection">
        {CONNECTIONS.map((name) => (
          <div key={name} class="row">
            <Connection name={name} />
            <span class="soft">{t().connectionHint[name]}</span>
          </div>
        ))}
      </Sample>
      <StageSample title="Stage: both" layout="both" slots={slots} />
      <StageSample title="Stage: speaker" layout="speaker" slots={slots} />
      <StageSample title="Stage: held back" layout="both" slots={slots} still={held} />
      <StageSample title="Stage: teacher reconnecting" layout="slides" slots={slots}>
        <StageBanner title={t().teacherReconnecting} hint={t().teacherReconnectingHint} />
      </StageSample>
      <StageSample title="Stage: tap for sound" layout="both" slots={slots}>
        <StageMessage title={t().tapForSound} cover>
          <p>{t().tapForSoundHint}</p>
          <Button look="primary" large icon="sound">
            {t().tapForSound}
          </Button>
        </StageMessage>
      </StageSample>
      <StageSample title="Stage: waiting" layout="both" slots={{}}>
        <StageMessage title={t().waitTitle}>
          <Countdown at={new Date(serverNow() + 26 * HOUR).toISOString()} />
          <p class="soft">{t().waitHint}</p>
        </StageMessage>
      </StageSample>
      <StageSample title="Stage: nothing yet" layout="both" slots={{}}>
        <StageMessage title={t().noSourceYet}>
          <p class="soft">{t().noSourceHint}</p>
        </StageMessage>
      </StageSample>
      <StageSample title="Stage: ended" layout="both" slots={{}}>
        <StageMessage title={t().endedTitle}>
          <p class="soft">{t().endedHint}</p>
        </StageMessage>
      </StageSample>
      <Sample title="Blocked">
        <Blocked error={new ApiError("not-allowed", 403)} retry={() => {}} />
        <Blocked error={new ApiError("token-expired", 401)} retry={() => {}} />
        <Blocked error={new ApiError("not-found", 404)} retry={() => {}} />
        <Blocked error={null} retry={() => {}} />
      </Sample>
      <Sample title="Details">
        <StatsPanel
          lesson="sample"
          facts={{
            state: t().connection.good,
            sample: {
              at: 0,
              sound: 0,
              received: 0,
              lost: 0,
              bytesIn: 0,
              bytesOut: 0,
              roundTrip: 0.042,
              framesDecoded: 0,
              pictures: [],
              framesEncoded: 0,
              remoteLoss: 0,
              bufferDelay: 0,
              bufferCount: 0,
              width: 1280,
              height: 720,
              protocol: "udp",
              address: "192.0.2.1:8189",
            },
            rates: { down: 1_240_000, up: 12_000, loss: 0.012, fps: 25, moving: 1, bufferMs: 84 },
          }}
        />
      </Sample>
      <Sample title="Level">
        <LevelMeter db={-70} />
        <LevelMeter db={-32} />
        <LevelMeter db={-4} />
      </Sample>
      <Sample title="Shortcuts">
        <ShortcutList
          rows={keyRows([
            ["KeyF", "fullscreen"],
            ["KeyM", "mute"],
          ])}
        />
      </Sample>
    </>
  );
}

function Speaking() {
  return (
    <>
      <Sample title="Hands">
        <HandSamples />
      </Sample>
      <Sample title="Voice notes">
        <NoteSamples />
      </Sample>
    </>
  );
}

/** Rooms whose states are many have a page of their own. */
const ROOMS = {
  general: "",
  speaking: "?show=speaking",
  library: "?show=library",
  replay: "?show=replay",
  modes: "?show=modes",
} as const;

function General() {
  return (
    <>
      <Buttons />
      <Forms />
      <Messages />
      <Cards />
      <Live />
      <Sample title="Questions">
        <QuestionSamples />
      </Sample>
      <Sample title="The teacher's list">
        <DeskSamples />
      </Sample>
      <Sample title="Slides">
        <SlideSamples />
      </Sample>
    </>
  );
}

export default function Gallery() {
  const open = useSignal(false);
  const Room = {
    [ROOMS.speaking]: Speaking,
    [ROOMS.library]: LibrarySamples,
    [ROOMS.replay]: ReplaySamples,
    [ROOMS.modes]: ModeSamples,
  }[location.search];
  if (!useTeachTexts()) return <Page title="Gallery">{null}</Page>;
  return (
    <Page title="Gallery">
      <div class="row">
        <Button
          onClick={() => {
            open.value = true;
          }}
        >
          Dialog
        </Button>
        {Object.entries(ROOMS).map(([name, search]) => (
          <LinkButton key={name} href={`/dev/gallery${search}`} outside>
            {name}
          </LinkButton>
        ))}
      </div>
      <div class="gallery">
        {(["light", "dark"] as const).map((theme) => (
          <div key={theme} data-theme={theme}>
            <h2>{theme}</h2>
            {Room ? <Room /> : <General />}
          </div>
        ))}
      </div>
      <Dialog
        title={w().endTitle}
        open={open.value}
        onClose={() => {
          open.value = false;
        }}
      >
        <p>{w().endHint}</p>
        <div class="row">
          <Button look="danger" icon="stop">
            {w().endLesson}
          </Button>
          <Button
            onClick={() => {
              open.value = false;
            }}
          >
            {w().keepTeaching}
          </Button>
        </div>
      </Dialog>
    </Page>
  );
}
