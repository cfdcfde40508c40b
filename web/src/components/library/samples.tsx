/** The library in every state, for the page that shows every component. */
import { useSignal } from "@preact/signals";
import { t } from "../../i18n";
import { useLibraryTexts } from "../../i18n/library";
import { useReplayTexts } from "../../i18n/replay";
import { ApiError } from "../../protocol/api";
import type { CaptionsRow } from "../../protocol/captions";
import type { KeptFacts, RecordingRow } from "../../protocol/recording";
import type { Lesson } from "../../protocol/types";
import { serverNow } from "../../state/app";
import { AttendanceSamples } from "../attendance/samples";
import { Problem } from "../basics";
import { LessonCard } from "../lesson-card";
import { MakingSamples } from "../making/samples";
import { CaptionsText } from "../replay/captions";
import { TimetableSamples } from "../timetable/samples";
import "../../styles/library.css";
import "../../styles/live.css";
import "../../styles/replay.css";
import { type Drafting, LanguageCaptions } from "./captions";
import { CutsForm } from "./cuts";
import { PreviewBar } from "./preview";
import { LibraryRow } from "./row";
import { RulesForm } from "./rules";

const DAY = 86_400_000;
const MINUTE = 60_000;
const at = (days: number) => new Date(serverNow() + days * DAY).toISOString();

const ROW: RecordingRow = {
  lesson: "sample",
  title: "Байт чист? Ҳашт бит якҷоя",
  course: { id: "sample", title: "Асосҳои информатика" },
  state: "ready",
  started_at: at(-2),
  length: 85 * MINUTE,
  bytes: 214_000_000,
  published: true,
  trimmed: false,
  muted: 0,
  expires_at: null,
  removed_at: null,
};

const ROWS: readonly RecordingRow[] = [
  { ...ROW, state: "recording", published: false },
  ROW,
  { ...ROW, trimmed: true, muted: 2, expires_at: at(30) },
  { ...ROW, published: false },
  { ...ROW, expires_at: at(-1) },
  { ...ROW, state: "none", bytes: 0, length: 0 },
  { ...ROW, state: "deleted", removed_at: at(5) },
];

const FACTS: KeptFacts = {
  lesson: "sample",
  state: "ready",
  from: 0,
  length: 85 * MINUTE,
  bytes: 1,
  published: true,
  expires_at: null,
  tracks: [],
  preparing: [],
  gaps: [],
  chapters: [],
  captions: [],
  progress: null,
  drafts: { installed: true, languages: ["ru", "en"] },
  live_from: 5 * MINUTE,
  trims: [],
  turns: [],
};

const TURNS = ["Фирдавс Шарипов", "Гулнора Раҳимова"].map((name, hand) => ({
  hand,
  person: { id: name, name },
  from: (20 + hand) * MINUTE,
  to: (20.8 + hand) * MINUTE,
  muted: hand === 1,
}));

const CAPTIONS: CaptionsRow = {
  language: "ru",
  automatic: false,
  cues: 812,
  by: "Зарина Назарова",
  at: at(-1),
  deleted: false,
};

const lesson = (position: number, seen: number): Lesson => ({
  id: "sample",
  course: null,
  title: ROW.title,
  public: false,
  state: "ended",
  starts_at: at(-2),
  started_at: at(-2),
  ended_at: at(-2),
  teachers: [{ id: "z", name: "Зарина Назарова" }],
  rights: ["see", "watch", "replay"],
  replay: {
    from: 0,
    length: 85 * MINUTE,
    progress: { position, seen, watched: seen > 80 * MINUTE },
  },
});

const nothing = async () => {};

function CutSample({ facts }: { facts: KeptFacts }) {
  const position = useSignal(20 * MINUTE);
  const seek = (to: number) => {
    position.value = to;
  };
  return (
    <div class="card stack">
      <PreviewBar
        state={{ position: position.value, playing: false }}
        from={0}
        length={facts.length}
        toggle={() => {}}
        seek={seek}
      />
      <CutsForm facts={facts} position={position.value} seek={seek} save={nothing} />
    </div>
  );
}

function CaptionSamples() {
  const refuse =
    (code: string, problem = {}) =>
    async () => {
      throw new ApiError(code, 422, problem);
    };
  const rows: readonly (readonly [CaptionsRow | undefined, Drafting])[] = [
    [undefined, "possible"],
    [undefined, 0.42],
    [undefined, "not-installed"],
    [undefined, "no-model"],
    [CAPTIONS, "possible"],
    [{ ...CAPTIONS, automatic: true, by: null }, "possible"],
    [{ ...CAPTIONS, deleted: true }, "possible"],
  ];
  return (
    <ul class="captions-list">
      {rows.map(([row, drafting]) => (
        <LanguageCaptions
          key={JSON.stringify([row ?? null, drafting])}
          lesson="sample"
          language="ru"
          row={row}
          drafting={drafting}
          draft={nothing}
          send={refuse("captions-unreadable", { line: 12, fault: "encoding" })}
          setDeleted={nothing}
        />
      ))}
    </ul>
  );
}

export default function LibrarySamples() {
  const ready = useReplayTexts();
  if (!useLibraryTexts() || !ready) return null;
  return (
    <div class="stack">
      {ROWS.map((row) => (
        <LibraryRow key={JSON.stringify(row)} row={row} />
      ))}
      <div class="card">
        <RulesForm
          rules={{ publish: true, pack: true, keep_days: 90 }}
          save={async (rules) => rules}
        />
      </div>
      <CutSample facts={FACTS} />
      <CutSample facts={{ ...FACTS, trims: [[10 * MINUTE, 80 * MINUTE]], turns: TURNS }} />
      <div class="card">
        <CaptionSamples />
      </div>
      <div class="stage">
        <CaptionsText
          cues={[
            { text: "Як байт ҳашт бит аст:\nна кам, на зиёд." },
            { text: "— Чаро маҳз ҳашт?" },
          ]}
          language="tg"
          automatic
        />
      </div>
      <MakingSamples />
      <AttendanceSamples />
      <TimetableSamples />
      <Problem error={new ApiError("offline", 0)} />
      <h3>{t().lessonsTitle}</h3>
      <LessonCard lesson={lesson(0, 0)} />
      <LessonCard lesson={lesson(12.5 * MINUTE, 12 * MINUTE)} />
      <LessonCard lesson={lesson(84 * MINUTE, 82 * MINUTE)} />
    </div>
  );
}
