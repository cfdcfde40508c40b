/** What a teacher sees of slides: the file on its way, the pages, the buttons that turn them. */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { s } from "../../i18n/slides";
import type { ApiError } from "../../protocol/api";
import { type Deck, type PageRef, thumbnailUrl } from "../../protocol/slides";
import { isSame, turned } from "../../state/slides";
import { Button, Dialog, Notice, problemText, Select } from "../basics";
import { UserText } from "../user-text";

/** A file on its way: its name and the part that is sent, 0 to 1. */
export interface Sending {
  readonly name: string;
  readonly part: number;
}

export interface DeskProps {
  lesson: string;
  /** Whether slides can be shown now. */
  open: boolean;
  covered: boolean;
  decks: readonly Deck[];
  /** The one whose pages are before the teacher. */
  deck: Deck | null;
  /** What is shown. */
  at: PageRef | null;
  sending: Sending | null;
  error: ApiError | null;
  onFile: (file: File) => void;
  onCancel: () => void;
  onChoose: (deck: string) => void;
  onRemove: (deck: string) => void;
  onShow: (page: PageRef) => void;
  onTurn: (by: 1 | -1) => void;
  onToggle: () => void;
  thumbnail?: typeof thumbnailUrl;
}

const ACCEPTED = ".pdf,.png,.jpg,.jpeg,application/pdf,image/png,image/jpeg";

function refusalText(error: ApiError): string {
  const known: Record<string, string> = s().refusals;
  return known[error.code] ?? problemText(error);
}

function Choose({ onFile }: { onFile: (file: File) => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <div>
      <Button icon="plus" testid="slides-choose" onClick={() => input.current?.click()}>
        {s().choose}
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        accept={ACCEPTED}
        data-testid="slides-file"
        onChange={(event) => {
          const field = event.currentTarget;
          const file = field.files?.[0];
          if (file) onFile(file);
          // The same file can be chosen again, once it is mended.
          field.value = "";
        }}
      />
    </div>
  );
}

function OnItsWay({ sending, onCancel }: { sending: Sending; onCancel: () => void }) {
  const { name, part } = sending;
  const percent = Math.floor(part * 100);
  const text = part < 1 ? s().sending(name, percent) : s().reading(name);
  return (
    <div class="slides-sending" data-testid="slides-sending">
      <p>
        <UserText>{text}</UserText>
      </p>
      {part < 1 ? (
        <progress max={100} value={percent} aria-label={text} />
      ) : (
        <progress aria-label={text} />
      )}
      <Button onClick={onCancel}>{s().cancel}</Button>
    </div>
  );
}

function nowText({ decks, at }: DeskProps): string {
  if (!at) return s().hidden;
  const deck = decks.find((each) => each.id === at.deck);
  return deck ? s().nowShown(at.page, deck.pages.length) : s().deletedShown(at.page);
}

function Turns(props: DeskProps) {
  const { open, decks, at, onTurn, onToggle } = props;
  return (
    <div class="slides-turns">
      <Button
        icon="back"
        testid="slides-previous"
        disabled={!open || !turned(decks, at, -1)}
        onClick={() => onTurn(-1)}
      >
        {s().previous}
      </Button>
      <Button
        icon="chevron"
        testid="slides-next"
        disabled={!open || !turned(decks, at, 1)}
        onClick={() => onTurn(1)}
      >
        {s().next}
      </Button>
      <Button
        look={at ? "plain" : "primary"}
        icon={at ? "eyeOff" : "eye"}
        testid="slides-toggle"
        disabled={!open}
        onClick={onToggle}
      >
        {at ? s().hide : s().start}
      </Button>
    </div>
  );
}

function Pages({ lesson, open, deck, at, onShow, thumbnail = thumbnailUrl }: DeskProps) {
  if (!deck) return null;
  return (
    <ol class="slides-pages">
      {deck.pages.map((page) => {
        const ref = { deck: deck.id, page: page.page };
        return (
          <li key={page.page}>
            <button
              type="button"
              class="slides-page"
              aria-pressed={isSame(ref, at)}
              aria-label={s().showPage(page.page)}
              // Focusable even so: the list is scrolled by keyboard, too.
              aria-disabled={!open || undefined}
              data-testid={`slides-page-${page.page}`}
              onClick={() => {
                if (open) onShow(ref);
              }}
            >
              <img src={thumbnail(lesson, deck.id, page)} alt="" loading="lazy" />
              <span aria-hidden="true">{page.page}</span>
            </button>
          </li>
        );
      })}
    </ol>
  );
}

function Remove({ deck, onRemove }: { deck: Deck; onRemove: (deck: string) => void }) {
  const asking = useSignal(false);
  const stop = () => {
    asking.value = false;
  };
  return (
    <div>
      <Button
        look="quiet"
        testid="slides-remove"
        onClick={() => {
          asking.value = true;
        }}
      >
        {s().remove}
      </Button>
      <Dialog title={s().removeTitle} open={asking.value} onClose={stop}>
        <p>{s().removeHint}</p>
        <div class="row">
          <Button
            look="danger"
            testid="slides-remove-confirm"
            onClick={() => {
              stop();
              onRemove(deck.id);
            }}
          >
            {s().remove}
          </Button>
          <Button onClick={stop}>{s().keep}</Button>
        </div>
      </Dialog>
    </div>
  );
}

export function Desk(props: DeskProps) {
  const { decks, deck, at, open, covered, sending, error } = props;
  return (
    <section class="card stack" data-testid="slides">
      <h2>{s().slides}</h2>
      {decks.length === 0 && <p class="soft">{s().none}</p>}
      {error && (
        <Notice tone="error" alert testid="slides-problem">
          {refusalText(error)}
        </Notice>
      )}
      {decks.length > 1 && (
        <Select
          label={s().deck}
          testid="slides-deck"
          value={deck?.id ?? ""}
          choices={decks.map((each) => ({
            value: each.id,
            label: `${each.name} (${s().pages(each.pages.length)})`,
          }))}
          onChange={props.onChoose}
        />
      )}
      {(deck || at) && (
        <>
          <p role="status" data-testid="slides-now">
            {open ? nowText(props) : s().notOpen}
          </p>
          {covered && at && <Notice tone="info">{s().screenFirst}</Notice>}
          <Turns {...props} />
          <Pages {...props} />
          <p class="soft">{s().keys}</p>
        </>
      )}
      {sending ? (
        <OnItsWay sending={sending} onCancel={props.onCancel} />
      ) : (
        <Choose onFile={props.onFile} />
      )}
      <p class="soft">{s().hint}</p>
      {deck && <Remove deck={deck} onRemove={props.onRemove} />}
    </section>
  );
}
