/** The teacher's page: check the devices, practise, go live, end. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { useRoute } from "preact-iso";
import {
  Button,
  Dialog,
  LinkButton,
  Notice,
  Problem,
  Select,
  Skeleton,
  StateBadge,
} from "../components/basics";
import { Icon, type IconName } from "../components/icon";
import { Invite, joinUrl } from "../components/invite";
import { LevelMeter } from "../components/level";
import { useLater } from "../components/questions/later";
import { Announcer, LanguageSwitch, useTitle } from "../components/shell";
import { ShortcutList } from "../components/shortcut-list";
import { Video } from "../components/stage";
import { Elapsed } from "../components/time";
import { UserText } from "../components/user-text";
import { t } from "../i18n";
import type { Lesson } from "../protocol/types";
import { useAction } from "../state/action";
import { announce } from "../state/announcer";
import { expose } from "../state/debug";
import { useShortcuts } from "../state/shortcuts";
import { NONE, Studio, type Uplink } from "../state/studio";
import "../styles/live.css";

const KEYS = [
  ["KeyM", "microphone"],
  ["KeyC", "camera"],
  ["KeyS", "screen"],
] as const;

function Previews({ studio }: { studio: Studio }) {
  const camera = studio.cameraStream.value;
  const screen = studio.screenStream.value;
  const onAir = studio.sending.value && studio.lesson.value?.state === "live";
  return (
    <div class="previews">
      <div class={`preview preview-mirror${onAir ? " on-air" : ""}`} data-testid="preview-camera">
        {camera ? (
          <Video stream={camera} label={t().preview} />
        ) : (
          <div class="preview-empty">
            <Icon name="cameraOff" large />
            <p>{t().cameraOff}</p>
          </div>
        )}
      </div>
      {screen && (
        <div class={`preview${onAir ? " on-air" : ""}`} data-testid="preview-screen">
          <Video stream={screen} label={t().tile.screen} />
        </div>
      )}
    </div>
  );
}

function deviceChoices(devices: readonly MediaDeviceInfo[], none: string) {
  const named = devices.map((device, index) => ({
    value: device.deviceId,
    label: device.label || t().unnamedDevice(index + 1),
  }));
  return [...named, { value: NONE, label: none }];
}

function DeviceChoice({ studio }: { studio: Studio }) {
  const { cameras, microphones } = studio.devices.value;
  return (
    <div class="two">
      <Select
        label={t().camera}
        testid="choose-camera"
        value={studio.camera.value ? studio.cameraId : NONE}
        choices={deviceChoices(cameras, t().noCamera)}
        onChange={(id) => void studio.chooseCamera(id)}
      />
      <Select
        label={t().microphone}
        testid="choose-microphone"
        value={studio.microphone.value ? studio.microphoneId : NONE}
        choices={deviceChoices(microphones, t().noMicrophone)}
        onChange={(id) => void studio.chooseMicrophone(id)}
      />
    </div>
  );
}

function Controls({ studio }: { studio: Studio }) {
  const cameraOn = studio.camera.value !== null;
  const micOn = studio.microphone.value !== null && !studio.muted.value;
  const screenOn = studio.screen.value !== null;
  return (
    <div class="controls">
      <Button
        icon={micOn ? "microphone" : "microphoneOff"}
        look={micOn ? "plain" : "alert"}
        testid="toggle-microphone"
        disabled={studio.microphone.value === null}
        onClick={() => studio.toggleMute()}
      >
        {micOn ? t().micOffAction : t().micOn}
      </Button>
      <Button
        icon={cameraOn ? "camera" : "cameraOff"}
        look={cameraOn ? "plain" : "alert"}
        testid="toggle-camera"
        onClick={() => void studio.toggleCamera()}
      >
        {cameraOn ? t().cameraOffAction : t().cameraOn}
      </Button>
      <Button
        icon={screenOn ? "screenOff" : "screen"}
        testid="toggle-screen"
        onClick={() => void studio.toggleScreen()}
      >
        {screenOn ? t().stopScreen : t().shareScreen}
      </Button>
    </div>
  );
}

function refusalTitle(code: string | null): string {
  return code === "session-replaced" ? t().replacedTitle : t().takenTitle;
}

function refusalHint(code: string | null): string {
  if (code === "session-replaced") return t().replacedHint;
  return code === "source-taken" ? t().takenHint : t().uplink.refused;
}

/** What the teacher should know now, worst first. */
function Alarms({ studio }: { studio: Studio }) {
  const problem = studio.deviceProblem.value;
  const refusal = studio.link.value?.name === "refused" ? studio.link.value.code : null;
  const screenRefusal =
    studio.screenLink.value?.name === "refused" ? studio.screenLink.value.code : null;
  return (
    <>
      {problem && (
        <Notice tone="error" alert testid="device-problem">
          <p>{t().deviceErrors[problem]}</p>
          {!problem.startsWith("screen") && (
            <Button icon="reconnecting" onClick={() => void studio.openDevices()}>
              {t().retry}
            </Button>
          )}
        </Notice>
      )}
      {studio.unplugged.value && (
        <Notice tone="error" alert testid="unplugged">
          <p>
            {studio.unplugged.value === "camera" ? t().cameraUnplugged : t().microphoneUnplugged}
          </p>
          <Button icon="reconnecting" onClick={() => void studio.openDevices()}>
            {t().retry}
          </Button>
        </Notice>
      )}
      {(refusal || screenRefusal) && (
        <Notice tone="error" title={refusalTitle(refusal ?? screenRefusal)} alert testid="refused">
          <p>{refusalHint(refusal ?? screenRefusal)}</p>
          <Button icon="reconnecting" onClick={() => studio.send()}>
            {t().retry}
          </Button>
        </Notice>
      )}
      {studio.otherTab.value && (
        <Notice tone="warning" testid="other-tab">
          {t().otherTab}
        </Notice>
      )}
      {studio.mutedSpeaking.value && (
        <Notice tone="warning" testid="muted-speaking">
          {t().mutedSpeaking}
        </Notice>
      )}
      {studio.silent.value && studio.microphone.value && (
        <Notice tone="warning">{t().silentMicrophone}</Notice>
      )}
      {studio.frozen.value && <Notice tone="warning">{t().frozenCamera}</Notice>}
      {studio.screenLost.value && <Notice tone="info">{t().screenLost}</Notice>}
    </>
  );
}

const UPLINK_LOOK: Record<Uplink, { tone: string; icon: IconName }> = {
  idle: { tone: "idle", icon: "info" },
  connecting: { tone: "connecting", icon: "reconnecting" },
  good: { tone: "good", icon: "good" },
  weak: { tone: "slow", icon: "slow" },
  bad: { tone: "bad", icon: "bad" },
  reconnecting: { tone: "reconnecting", icon: "reconnecting" },
  refused: { tone: "offline", icon: "error" },
};

function Health({ studio, lesson }: { studio: Studio; lesson: Lesson }) {
  const uplink = studio.uplink.value;
  const text = t().uplink[uplink];
  const look = UPLINK_LOOK[uplink];
  const present = studio.view.value?.present.students ?? 0;
  useEffect(() => {
    if (uplink !== "idle") announce(text);
  }, [uplink, text]);
  return (
    <section class="card stack" aria-label={t().health}>
      <h2>{t().health}</h2>
      <p
        class={`connection connection-${look.tone}`}
        data-testid="uplink"
        data-state={studio.link.value?.name ?? "idle"}
        data-uplink={uplink}
      >
        <Icon name={look.icon} /> {text}
      </p>
      <LevelMeter db={studio.muted.value ? -70 : studio.level.value} words={false} />
      <dl class="facts">
        {lesson.state === "live" && (
          <div>
            <dt>{t().elapsed}</dt>
            <dd data-testid="elapsed">
              <Elapsed since={lesson.started_at} />
            </dd>
          </div>
        )}
        <div>
          <dt>{t().present}</dt>
          <dd data-testid="present">{present}</dd>
        </div>
      </dl>
    </section>
  );
}

function inviteOf(lesson: Lesson): { code: string | null; link: string } {
  if (lesson.join_code) return { code: lesson.join_code, link: joinUrl(lesson.join_code) };
  return { code: null, link: `${location.origin}/lessons/${lesson.id}` };
}

/** The button that leads to the next state of the lesson. */
function Steps({ studio, lesson }: { studio: Studio; lesson: Lesson }) {
  const action = useAction();
  const ending = useSignal(false);
  const ready = studio.camera.value !== null || studio.microphone.value !== null;
  const sending = studio.sending.value;
  const open = lesson.state === "live" || lesson.state === "practice";
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
        <Notice tone="info" title={t().practiceOn} testid="practice-on">
          {t().practiceLead}
        </Notice>
      )}
      {open && !sending && (
        <Notice tone="warning" testid="off-air">
          {t().backOnAirHint}
        </Notice>
      )}
      {action.error.value && <Problem error={action.error.value} />}
      <div class="row">
        {open && !sending && (
          <Button
            look="primary"
            large
            icon="play"
            disabled={!ready}
            testid="back-on-air"
            onClick={() => studio.send()}
          >
            {t().backOnAir}
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
            {t().startPractice}
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
            {t().goLive}
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
            {t().endLesson}
          </Button>
        )}
      </div>
      <Dialog
        title={t().endTitle}
        open={ending.value}
        onClose={() => {
          ending.value = false;
        }}
      >
        <p>{t().endHint}</p>
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
            {t().endLesson}
          </Button>
          <Button
            onClick={() => {
              ending.value = false;
            }}
          >
            {t().keepTeaching}
          </Button>
        </div>
      </Dialog>
    </div>
  );
}

function Workplace({ studio, lesson }: { studio: Studio; lesson: Lesson }) {
  const some = studio.camera.value !== null || studio.microphone.value !== null;
  const keys = useSignal(false);
  const Questions = useLater(() => import("../components/questions/console"));
  const Hands = useLater(() => import("../components/hands/console"));
  const Class = useLater(() => import("../components/class/console"));
  useShortcuts({
    KeyM: () => {
      if (studio.microphone.value) studio.toggleMute();
    },
    KeyC: () => void studio.toggleCamera(),
    KeyS: () => void studio.toggleScreen(),
  });
  return (
    <div class="studio">
      <div class="studio-main">
        <Alarms studio={studio} />
        {Hands && lesson.state !== "scheduled" && studio.socket.hands.began && (
          <Hands lesson={lesson} socket={studio.socket} />
        )}
        {Questions && lesson.state !== "scheduled" && studio.socket.feed.began && (
          <Questions lesson={lesson} socket={studio.socket} />
        )}
        <section class="card stack" aria-label={t().deviceCheck}>
          <h2>{lesson.state === "live" && studio.sending.value ? t().onAir : t().deviceCheck}</h2>
          <Previews studio={studio} />
          {some ? (
            <>
              <Controls studio={studio} />
              <DeviceChoice studio={studio} />
              {!studio.sending.value && <LevelMeter db={studio.level.value} />}
            </>
          ) : (
            <div class="stack">
              <div>
                <Button
                  look="primary"
                  large
                  icon="camera"
                  busy={studio.opening.value}
                  testid="allow-devices"
                  onClick={() => void studio.openDevices()}
                >
                  {t().allowDevices}
                </Button>
              </div>
              <p class="soft">{t().allowDevicesHint}</p>
            </div>
          )}
        </section>
      </div>
      <div class="studio-steps">
        <Steps studio={studio} lesson={lesson} />
      </div>
      <div class="studio-side">
        <Health studio={studio} lesson={lesson} />
        {Class && lesson.state !== "scheduled" && <Class lesson={lesson} socket={studio.socket} />}
        <section class="card stack">
          <h2>{t().inviteTitle}</h2>
          <Invite {...inviteOf(lesson)} />
          <div>
            <a
              class="button button-plain"
              href={`/lessons/${lesson.id}`}
              target="_blank"
              rel="noopener"
            >
              <Icon name="eye" />
              <span>{t().studentView}</span>
            </a>
          </div>
        </section>
        <div>
          <Button
            icon="keyboard"
            pressed={keys.value}
            onClick={() => {
              keys.value = !keys.value;
            }}
          >
            {t().shortcuts}
          </Button>
        </div>
        {keys.value && <ShortcutList keys={KEYS} />}
      </div>
    </div>
  );
}

function Body({ studio }: { studio: Studio }) {
  const lesson = studio.lesson.value;
  if (studio.error.value) {
    return (
      <div class="page page-narrow">
        <Problem error={studio.error.value} retry={() => void studio.load()} />
        <LinkButton href={`/sign-in?next=${encodeURIComponent(location.pathname)}`}>
          {t().goSignIn}
        </LinkButton>
      </div>
    );
  }
  if (!lesson) {
    return (
      <div class="page">
        <Skeleton rows={2} />
      </div>
    );
  }
  if (lesson.state === "ended") {
    return (
      <div class="centre" data-testid="ended">
        <Icon name="success" large />
        <h2>{t().endedTeacher}</h2>
        <p class="soft">{t().endedTeacherHint}</p>
        <LinkButton
          look="primary"
          href={lesson.course ? `/courses/${lesson.course.id}` : "/courses"}
        >
          {lesson.course?.title ?? t().toCourses}
        </LinkButton>
      </div>
    );
  }
  if (!lesson.rights.includes("publish")) {
    return (
      <div class="centre" data-testid="not-teacher">
        <Icon name="warning" large />
        <h2>{t().notTeacher}</h2>
        <LinkButton look="primary" icon="play" href={`/lessons/${lesson.id}`}>
          {t().watchInstead}
        </LinkButton>
      </div>
    );
  }
  return <Workplace studio={studio} lesson={lesson} />;
}

/** The way out; while live it asks first, for students would lose their teacher. */
function Leave({ studio }: { studio: Studio }) {
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
      <Dialog title={t().leaveAirTitle} open={asking.value} onClose={stay}>
        <p>{t().leaveAirHint}</p>
        <div class="row">
          <Button look="primary" onClick={stay}>
            {t().keepTeaching}
          </Button>
          <LinkButton href={href} testid="leave-confirm">
            {t().leaveAir}
          </LinkButton>
        </div>
      </Dialog>
    </>
  );
}

function Teaching({ id }: { id: string }) {
  const studio = useMemo(() => new Studio(id), [id]);
  const lesson = studio.lesson.value;
  useTitle(lesson ? `${t().teach}: ${lesson.title}` : t().teachTitle);
  useEffect(() => {
    studio.open();
    expose({
      publisher: () => studio.pc,
      screenPublisher: () => studio.screenPc,
      studio: () => studio,
    });
    return () => studio.close();
  }, [studio]);
  return (
    <div class="live">
      <header class="live-top">
        <LanguageSwitch />
        <div class="live-title">
          <h1>{lesson ? <UserText>{lesson.title}</UserText> : t().teachTitle}</h1>
          {lesson?.course && (
            <p class="soft">
              <UserText>{lesson.course.title}</UserText>
            </p>
          )}
        </div>
        {lesson && <StateBadge state={lesson.state} />}
        <Leave studio={studio} />
      </header>
      <main id="content" tabIndex={-1}>
        <Body studio={studio} />
      </main>
      <Announcer />
    </div>
  );
}

export default function TeachPage() {
  const { params } = useRoute();
  const id = params.id ?? "";
  return <Teaching key={id} id={id} />;
}
