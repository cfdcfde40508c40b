/** A course's question book: all its questions, from lessons and from between them. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { useRoute } from "preact-iso";
import { Button, LinkButton, Notice, Problem, Segments, Skeleton } from "../components/basics";
import { BookAsk } from "../components/book/ask";
import { BookEntry } from "../components/book/entry";
import { TableLinks } from "../components/desk/table-links";
import { NeedsSignIn } from "../components/needs-sign-in";
import { EmptyList } from "../components/questions/list";
import { UndoBar } from "../components/questions/undo";
import { Page } from "../components/shell";
import { t } from "../i18n";
import { b, useBookTexts } from "../i18n/book";
import { useDeskTexts } from "../i18n/desk";
import { q, useQuestionTexts } from "../i18n/questions";
import { BookCalls } from "../protocol/book-api";
import type { CourseDetail } from "../protocol/types";
import { useAction } from "../state/action";
import { api, person } from "../state/app";
import { Book, type Filter, STUDENT_FILTERS, TEACHER_FILTERS } from "../state/book";
import { useLoad } from "../state/load";
import type { Viewer } from "../state/questions-reducer";
import "../styles/questions.css";
import "../styles/book.css";

/** Ms of silence at the keyboard before a search is sent. */
const TYPING_PAUSE = 400;

function LiveNotice({ course }: { course: CourseDetail }) {
  const live = course.lessons.find((each) => each.state === "live");
  if (!live) return null;
  return (
    <Notice tone="info" title={b().liveTitle}>
      <p>{b().liveHint}</p>
      <LinkButton look="primary" icon="play" href={`/lessons/${live.id}`}>
        {b().liveLink}
      </LinkButton>
    </Notice>
  );
}

function Questions({ book, course, viewer }: { book: Book; course: CourseDetail; viewer: Viewer }) {
  const filter = useSignal<Filter>("open");
  const typed = useSignal("");
  const search = useSignal("");
  const loaded = useSignal(false);
  const loading = useAction();
  const more = useAction();
  useEffect(() => {
    const timer = setTimeout(() => {
      search.value = typed.value.trim();
    }, TYPING_PAUSE);
    return () => clearTimeout(timer);
  }, [typed.value]);
  const load = async () => {
    try {
      await book.show(filter.value, search.value);
      loading.error.value = null;
      loaded.value = true;
    } catch (problem) {
      await loading.run(() => Promise.reject(problem));
    }
  };
  useEffect(() => void load(), [filter.value, search.value]);
  const questions = book.questions.value;
  const nothing = search.value ? "search" : filter.value;
  return (
    <section class="stack" aria-label={b().filtersLabel}>
      <div class="book-tools">
        <Segments
          label={b().filtersLabel}
          testid="book-filter"
          value={filter.value}
          choices={(viewer.teacher ? TEACHER_FILTERS : STUDENT_FILTERS).map((value) => ({
            value,
            label: b().filters[value],
          }))}
          onChange={(value) => {
            filter.value = value as Filter;
          }}
        />
        <input
          type="search"
          class="search"
          aria-label={q().search}
          placeholder={q().search}
          value={typed.value}
          data-testid="book-search"
          onInput={(event) => {
            typed.value = event.currentTarget.value;
          }}
        />
      </div>
      <UndoBar room={book} />
      {loading.error.value && <Problem error={loading.error.value} retry={() => void load()} />}
      {!loaded.value && !loading.error.value && <Skeleton rows={3} />}
      {loaded.value && questions.length === 0 && (
        <EmptyList title={b().empty[nothing]} hint={b().emptyHint[nothing]} />
      )}
      <ul class="question-list" data-testid="book-list">
        {questions.map((each) => (
          <BookEntry
            key={each.number}
            book={book}
            course={course}
            viewer={viewer}
            question={each}
          />
        ))}
      </ul>
      {book.next.value !== null && (
        <div class="centre-row">
          {more.error.value && <Problem error={more.error.value} />}
          <Button
            busy={more.busy.value}
            testid="book-more"
            onClick={() => void more.run(() => book.more())}
          >
            {q().more}
          </Button>
        </div>
      )}
    </section>
  );
}

function Inside({ course }: { course: CourseDetail }) {
  const who = person.value;
  const teacher = course.my_role === "teacher" || who?.staff === true;
  const viewer: Viewer = { person: who?.id ?? null, teacher };
  const book = useMemo(() => new Book(viewer.person, new BookCalls(api, course.id)), [course.id]);
  return (
    <div class={teacher ? "book" : "book book-asking"}>
      {!teacher && (
        <div class="stack">
          <LiveNotice course={course} />
          <BookAsk book={book} course={course.id} />
        </div>
      )}
      <Questions book={book} course={course} viewer={viewer} />
    </div>
  );
}

export default function BookPage() {
  const { params } = useRoute();
  const id = params.id ?? "";
  const { state, reload } = useLoad(() => api.course(id), id);
  const texts = [useBookTexts(), useQuestionTexts(), useDeskTexts()];
  const ready = texts.every(Boolean);
  if (!person.value) return <NeedsSignIn title={t().questionBook} />;
  const { value, error } = state.value;
  const teaches = value?.my_role === "teacher" || person.value.staff;
  return (
    <Page
      title={value ? `${t().questionBook}: ${value.title}` : t().questionBook}
      here="courses"
      lead={ready && b().lead}
      actions={
        <>
          <LinkButton icon="back" href={`/courses/${id}`}>
            {ready ? b().toCourse : t().courses}
          </LinkButton>
          {ready && value && teaches && <TableLinks path={`/api/courses/${id}`} />}
        </>
      }
    >
      {!value && error && <Problem error={error} retry={() => void reload()} />}
      {((!value && !error) || (value && !ready)) && <Skeleton />}
      {value && ready && <Inside key={id} course={value} />}
    </Page>
  );
}
