/** The way to what is kept, where something is, or where there is no network. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { o, useOfflineTexts } from "../../i18n/offline";
import { kept } from "../../offline/kept";
import { LinkButton } from "../basics";

export default function KeptLink() {
  const ready = useOfflineTexts();
  const any = useSignal(false);
  useEffect(() => {
    kept?.list().then(
      (all) => {
        any.value = all.length > 0;
      },
      () => {},
    );
  }, []);
  if (!ready || !kept || !any.value) return null;
  return (
    <LinkButton href="/offline" icon="download" testid="to-kept">
      {o().title}
    </LinkButton>
  );
}
