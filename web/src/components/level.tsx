/** How loud the microphone is, as a bar and in words. */
import { useEffect, useId, useRef } from "preact/hooks";
import { t } from "../i18n";
import { barOf, isLoud, SPEECH_DB } from "../state/meter";

/** `db` is dBFS. The bar is moved by script, not by a style attribute: the page's policy forbids those. */
export function LevelMeter({ db, words = true }: { db: number; words?: boolean }) {
  const bar = useRef<HTMLDivElement>(null);
  const id = useId();
  const share = barOf(db);
  useEffect(() => {
    if (bar.current) bar.current.style.transform = `scaleX(${share.toFixed(3)})`;
  }, [share]);
  return (
    <div class="meter">
      <span id={id}>{t().level}</span>
      {/* biome-ignore lint/a11y/useSemanticElements: <meter> cannot be moved 10 times a second in Safari. */}
      <div
        class="meter-track"
        role="meter"
        aria-labelledby={id}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 100)}
        data-testid="level"
      >
        <div ref={bar} class={isLoud(db) ? "meter-bar meter-loud" : "meter-bar"} />
      </div>
      {words && <span class="hint">{db > SPEECH_DB ? t().levelGood : t().speakToTest}</span>}
    </div>
  );
}
