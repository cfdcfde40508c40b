/** How long somebody has waited, in minutes. */
import { d } from "../../i18n/desk";
import { useNow } from "../time";

const MINUTE = 60_000;

/** `since` in ms before now, as it was when the entry was drawn. */
export function Waited({ since }: { since: () => number }) {
  useNow(MINUTE / 2);
  return <span>{d().waits(Math.max(0, Math.floor(since() / MINUTE)))}</span>;
}
