/** The connection in words, icon and colour. */
import { useEffect } from "preact/hooks";
import { t } from "../i18n";
import { announce } from "../state/announcer";
import type { ConnectionName } from "../state/live";
import { Icon, type IconName } from "./icon";

const ICONS: Record<ConnectionName, IconName> = {
  connecting: "reconnecting",
  good: "good",
  slow: "slow",
  bad: "bad",
  reconnecting: "reconnecting",
  offline: "offline",
  web: "clock",
};

export function Connection({ name }: { name: ConnectionName }) {
  const text = t().connection[name];
  const hint = t().connectionHint[name];
  useEffect(() => announce(hint ? `${text}. ${hint}` : text), [text, hint]);
  return (
    <span
      class={`connection connection-${name}`}
      title={hint || undefined}
      data-testid="connection"
      data-state={name}
    >
      <Icon name={ICONS[name]} />
      {text}
    </span>
  );
}
