/** How far something is that is made in the background. */
import { language } from "../../i18n";
import { numberText } from "../../i18n/dates";
import { m } from "../../i18n/making";
import { serverNow } from "../../state/app";
import { sizeOf } from "../../state/library-view";
import { minutesLeft } from "../../state/making";

export function sizeText(bytes: number): string {
  const { value, unit, digits } = sizeOf(bytes);
  return `${numberText(value, language.value, digits)} ${m()[unit]}`;
}

export function MakingProgress(props: {
  progress: number;
  waits: boolean;
  endsAt?: string | null | undefined;
}) {
  const percent = numberText(Math.floor(props.progress * 100), language.value);
  const left = minutesLeft(props.endsAt, serverNow());
  const text = props.waits ? m().waiting : m().working(percent);
  return (
    <div class="making" data-testid="making">
      <progress max={1} value={props.waits ? undefined : props.progress} aria-label={text} />
      <span class="digits">
        {text}
        {left !== null &&
          ` · ${left > 1 ? m().minutes(numberText(left, language.value)) : m().soon}`}
      </span>
    </div>
  );
}
