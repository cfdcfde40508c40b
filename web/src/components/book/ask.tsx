/** Asking outside a lesson; what is typed stays until the server has it. */
import { useSignal } from "@preact/signals";
import { b } from "../../i18n/book";
import { q } from "../../i18n/questions";
import { useAction } from "../../state/action";
import { remembered } from "../../state/app";
import type { Book } from "../../state/book";
import { Button, Check, Notice } from "../basics";
import { fits, TextBox, useDraft } from "../questions/text-box";
import { BookProblem } from "./problem";

const showsName = remembered<boolean>("book-named", true);

export function BookAsk({ book, course }: { book: Book; course: string }) {
  const text = useDraft(`book.${course}`);
  const asked = useSignal<number | null>(null);
  const { busy, error, run } = useAction();
  const send = () => {
    if (!fits(text.value)) return;
    const args = { text: text.value.trim(), anonymous: !showsName.value };
    asked.value = null;
    void run(async () => {
      const { question } = await book.act("question_ask", args);
      text.value = "";
      asked.value = Number(question);
    });
  };
  return (
    <section class="card stack" aria-label={b().ask}>
      <TextBox
        label={b().ask}
        text={text.value}
        placeholder={q().askPlaceholder}
        rows={3}
        testid="book-ask"
        onText={(words) => {
          text.value = words;
        }}
        onSend={send}
      >
        <p class="hint">{b().askHint}</p>
        <Check
          label={b().withName}
          checked={showsName.value}
          onChange={(on) => {
            showsName.value = on;
          }}
        />
        {error.value && <BookProblem error={error.value} />}
        <div>
          <Button
            look="primary"
            type="submit"
            busy={busy.value}
            disabled={!fits(text.value)}
            testid="book-ask-send"
          >
            {q().send}
          </Button>
        </div>
      </TextBox>
      <div role="status">
        {asked.value !== null && (
          <Notice tone="success" title={b().asked(asked.value)} testid="book-asked">
            {b().askedHint}
          </Notice>
        )}
      </div>
    </section>
  );
}
