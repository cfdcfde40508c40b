/** Times as people say them, in the school's time zone and by the server's clock. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { language, t } from "../i18n";
import { durationText, whenText } from "../i18n/dates";
import { serverNow, timeZone } from "../state/app";

/** Re-render every `ms`; gives the server's time. */
export function useNow(ms = 1_000): number {
  const now = useSignal(serverNow());
  useEffect(() => {
    const timer = setInterval(() => {
      now.value = serverNow();
    }, ms);
    return () => clearInterval(timer);
  }, [ms, now]);
  return now.value;
}

/** Say when something is, as words. */
export function whenWords(at: string): string {
  return whenText(Date.parse(at), serverNow(), timeZone.value, language.value, t());
}

export function When({ at }: { at: string | null }) {
  const now = useNow(60_000);
  if (!at) return <span>{t().noTime}</span>;
  return (
    <time dateTime={at}>{whenText(Date.parse(at), now, timeZone.value, language.value, t())}</time>
  );
}

/** Seconds a lesson of today still lies ahead; beyond a day, days are said. */
const DAY = 86_400;

export function Countdown({ at }: { at: string }) {
  const left = Math.ceil((Date.parse(at) - useNow()) / 1000);
  if (left <= 0) return <p class="countdown-soon">{t().startsSoon}</p>;
  const days = Math.floor(left / DAY);
  return (
    <div class="countdown" data-testid="countdown">
      <span class="soft">{t().startsIn}</span>
      <span class="countdown-time" role="timer">
        {days > 0 && `${t().days(days)} `}
        {durationText(left % DAY)}
      </span>
    </div>
  );
}

export function Elapsed({ since }: { since: string | null }) {
  const now = useNow();
  if (!since) return null;
  return <span class="digits">{durationText((now - Date.parse(since)) / 1000)}</span>;
}
