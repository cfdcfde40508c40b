/** Slides in every state, for the page that shows every component. */
import { s, useSlideTexts } from "../../i18n/slides";
import { ApiError } from "../../protocol/api";
import type { Deck, Slide } from "../../protocol/slides";
import { Desk, type DeskProps } from "./desk";
import { SlidePicture } from "./picture";
import "../../styles/slides.css";

const PICTURE = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"><path fill="#0f6b62" d="M0 0h16v9H0z"/><path fill="#fff" d="M2 3h9v1H2zM2 5h6v1H2z"/></svg>',
)}`;

const PAGES = [1, 2, 3, 4].map((page) => ({
  page,
  text: "",
  images: [[320, 180, 4_000]] as const,
}));
const DECK: Deck = { id: "bits", name: "Битҳо ва байтҳо.pdf", created_at: "", pages: PAGES };
const SLIDE: Slide = {
  number: 1,
  deck: "bits",
  page: 2,
  text: "8 бит = 1 байт",
  stills: [{ width: 320, height: 180, bytes: 4_000 }],
};

const nothing = () => {};
const EMPTY: DeskProps = {
  lesson: "sample",
  open: true,
  covered: false,
  decks: [],
  deck: null,
  at: null,
  sending: null,
  error: null,
  onFile: nothing,
  onCancel: nothing,
  onChoose: nothing,
  onRemove: nothing,
  onShow: nothing,
  onTurn: nothing,
  onToggle: nothing,
  thumbnail: () => PICTURE,
};
const FULL: DeskProps = { ...EMPTY, decks: [DECK], deck: DECK, at: { deck: "bits", page: 2 } };

export default function SlideSamples() {
  if (!useSlideTexts()) return null;
  return (
    <>
      <Desk {...EMPTY} />
      <Desk {...EMPTY} sending={{ name: DECK.name, part: 0.42 }} />
      <Desk {...EMPTY} sending={{ name: DECK.name, part: 1 }} />
      <Desk {...FULL} covered decks={[DECK, { ...DECK, id: "more" }]} />
      <Desk {...FULL} open={false} at={null} />
      {Object.keys(s().refusals).map((code) => (
        <Desk key={code} {...EMPTY} error={new ApiError(code, 422)} />
      ))}
      <SlidePicture lesson="sample" slide={SLIDE} sizes="20rem" url={() => PICTURE} />
    </>
  );
}
