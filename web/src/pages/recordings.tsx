/** The library of recordings for those who teach: what there is, for whom, and how long. */
import { useLocation } from "preact-iso";
import { Empty, Problem, Select, Skeleton } from "../components/basics";
import { LibraryRow } from "../components/library/row";
import { Rules } from "../components/library/rules";
import { Jobs } from "../components/making/jobs";
import { NeedsSignIn } from "../components/needs-sign-in";
import { Pager } from "../components/pager";
import { Page } from "../components/shell";
import { t } from "../i18n";
import { b, useLibraryTexts } from "../i18n/library";
import { api, person } from "../state/app";
import { library } from "../state/library";
import {
  FILTERS,
  type Filter,
  queryOf,
  SORTS,
  type Sort,
  type Wish,
  wishOf,
} from "../state/library-view";
import { useLoad } from "../state/load";
import "../styles/library.css";

interface Asking {
  wish: Wish;
  ask: (change: Partial<Wish>) => void;
}

function Filters({ wish, ask }: Asking) {
  const { state } = useLoad(() => api.courses());
  const mine = (state.value.value ?? []).filter(
    (course) => person.value?.staff || course.my_role === "teacher",
  );
  const courses = mine.map((course) => ({ value: course.id, label: course.title }));
  return (
    <div class="library-filters">
      <Select
        label={b().course}
        value={wish.course}
        choices={[{ value: "", label: b().allCourses }, ...courses]}
        testid="by-course"
        onChange={(course) => ask({ course })}
      />
      <Select
        label={b().filter}
        value={wish.state}
        choices={FILTERS.map((value) => ({ value, label: b().filters[value] }))}
        testid="by-state"
        onChange={(value) => ask({ state: value as Filter })}
      />
      <Select
        label={b().sort}
        value={wish.sort}
        choices={SORTS.map((value) => ({ value, label: b().sorts[value] }))}
        testid="by-sort"
        onChange={(value) => ask({ sort: value as Sort })}
      />
    </div>
  );
}

function List({ wish, ask }: Asking) {
  const query = queryOf(wish);
  const { state, reload } = useLoad(() => library.recordings(query), query);
  const { value, error } = state.value;
  if (!value && error) return <Problem error={error} retry={() => void reload()} />;
  if (!value) return <Skeleton />;
  if (value.recordings.length === 0) {
    const chosen = wish.state !== "all" || wish.course || wish.page > 0;
    return (
      <Empty icon="lesson" title={b().empty}>
        {chosen ? b().emptyFilter : b().emptyHint}
      </Empty>
    );
  }
  return (
    <>
      <ul class="list">
        {value.recordings.map((row) => (
          <li key={row.lesson}>
            <LibraryRow row={row} />
          </li>
        ))}
      </ul>
      <Pager page={wish.page} pages={value.pages} texts={b()} onPage={(page) => ask({ page })} />
    </>
  );
}

function Library() {
  const { query, route } = useLocation();
  const wish = wishOf(query);
  // Another choice begins at its first page.
  const ask = (change: Partial<Wish>) =>
    route(`/recordings${queryOf({ ...wish, page: 0, ...change })}`, true);
  return (
    <>
      <Filters wish={wish} ask={ask} />
      <Jobs />
      <List wish={wish} ask={ask} />
      {wish.course && <Rules key={wish.course} course={wish.course} />}
    </>
  );
}

export default function RecordingsPage() {
  const ready = useLibraryTexts();
  if (!person.value) return <NeedsSignIn title={t().recordings} />;
  return (
    <Page title={t().recordings} lead={ready && b().lead} here="recordings">
      {ready ? <Library /> : <Skeleton />}
    </Page>
  );
}
