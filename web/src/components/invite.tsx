/** The ways in that a teacher hands out: link, code, QR. */
import { useSignal } from "@preact/signals";
import { t } from "../i18n";
import { Button, CopyField } from "./basics";
import { Qr } from "./qr";

export function joinUrl(code: string): string {
  return `${location.origin}/join/${code}`;
}

/** Six digits in two groups, as people say them. */
export function spokenCode(code: string): string {
  return code.replace(/^(\d{3})(\d{3})$/, "$1 $2");
}

export function Invite({ code, link }: { code: string | null; link: string }) {
  const shown = useSignal(false);
  return (
    <div class="stack">
      {code && (
        <div>
          <p class="soft">{t().joinCodeLabel}</p>
          <p class="big-code" data-testid="join-code">
            {spokenCode(code)}
          </p>
        </div>
      )}
      <CopyField label={t().joinLink} value={link} testid="join-link" />
      <div>
        <Button
          icon="qr"
          onClick={() => {
            shown.value = !shown.value;
          }}
        >
          {shown.value ? t().hideQr : t().showQr}
        </Button>
      </div>
      {shown.value && <Qr text={link} label={t().joinLink} />}
    </div>
  );
}
