/** What students say on air, for a teacher who has no player open. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { h } from "../../i18n/hands";
import { Player } from "../../protocol/whep";
import { api } from "../../state/app";
import { Button } from "../basics";

/** The sound of the guest, for a teacher who has no player open; nothing else is downloaded. */
export function Listen({ lesson }: { lesson: string }) {
  const element = useRef<HTMLAudioElement>(null);
  const blocked = useSignal(false);
  const play = () => {
    element.current?.play().then(
      () => {
        blocked.value = false;
      },
      (problem: unknown) => {
        if (problem instanceof DOMException && problem.name === "NotAllowedError") {
          blocked.value = true;
        }
      },
    );
  };
  useEffect(() => {
    const ticket = async () => {
      const { whep, token } = await api.grant(lesson, "watch");
      return { url: whep, token };
    };
    const heard = (slot: string, track: MediaStreamTrack) => {
      if (slot !== "guest-voice" || !element.current) return;
      element.current.srcObject = new MediaStream([track]);
      play();
    };
    const player = new Player(ticket, heard, () => {}, undefined, []);
    player.start();
    return () => player.stop();
  }, [lesson]);
  return (
    <>
      {/* biome-ignore lint/a11y/useMediaCaption: live speech has no text to go with it. */}
      <audio ref={element} data-testid="guest-audio" />
      {blocked.value && (
        <Button icon="sound" look="primary" testid="hear-guest" onClick={play}>
          {h().listen}
        </Button>
      )}
    </>
  );
}
