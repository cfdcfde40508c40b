/** Captions over the pictures, and the choice of their language. */
import { useEffect } from "preact/hooks";
import { LANGUAGE_NAMES } from "../../i18n";
import { r } from "../../i18n/replay";
import type { CaptionsFacts, Cue } from "../../protocol/captions";
import type { Language } from "../../protocol/types";
import { captionsOn, type ReplayCaptions } from "../../state/captions";
import { Select } from "../basics";

export function CaptionsText(props: {
  cues: readonly Pick<Cue, "text">[];
  language: Language;
  automatic: boolean;
}) {
  if (props.cues.length === 0) return null;
  return (
    <div class="captions" data-testid="captions-text">
      {props.automatic && <span class="captions-draft">{r().automatic}</span>}
      {props.cues.map(({ text }) => (
        <p key={text} lang={props.language}>
          {text}
        </p>
      ))}
    </div>
  );
}

/** What is said at this second; read once captions are wanted. */
export function CaptionsLayer(props: { captions: ReplayCaptions; position: number }) {
  const { captions, position } = props;
  const chosen = captions.chosen.value;
  const on = captionsOn.value;
  useEffect(() => {
    if (on) void captions.need();
  }, [captions, chosen?.language, on]);
  if (!on || !chosen) return null;
  const { language, automatic } = chosen;
  return <CaptionsText cues={captions.at(position)} language={language} automatic={automatic} />;
}

function nameOf({ language, automatic }: CaptionsFacts): string {
  const { full } = LANGUAGE_NAMES[language];
  return automatic ? `${full} (${r().automatic})` : full;
}

export function CaptionsChoice({ captions }: { captions: ReplayCaptions }) {
  const there = captions.there.value;
  if (there.length === 0) return null;
  return (
    <Select
      label={r().captions}
      testid="captions-language"
      value={captionsOn.value ? (captions.chosen.value?.language ?? "") : ""}
      choices={[
        { value: "", label: r().captionsOff },
        ...there.map((each) => ({ value: each.language, label: nameOf(each) })),
      ]}
      onChange={(value) => captions.choose((value || null) as Language | null)}
    />
  );
}
