/** People, for staff: add one, make a one-time sign-in link. */
import { useSignal } from "@preact/signals";
import {
  Button,
  Check,
  CopyField,
  Dialog,
  Empty,
  Field,
  Notice,
  Problem,
  Skeleton,
} from "../components/basics";
import { NeedsSignIn } from "../components/needs-sign-in";
import { Page } from "../components/shell";
import { whenWords } from "../components/time";
import { t } from "../i18n";
import { ApiError } from "../protocol/api";
import type { PersonRow } from "../protocol/types";
import { useAction } from "../state/action";
import { api, person } from "../state/app";
import { useLoad } from "../state/load";

interface Link {
  name: string;
  link: string;
  until: string | null;
}

function AddPerson({ onDone }: { onDone: (link: Link) => void }) {
  const name = useSignal("");
  const login = useSignal("");
  const staff = useSignal(false);
  const { busy, error, run } = useAction();
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        const draft: { name: string; login?: string; staff?: boolean } = {
          name: name.value.trim(),
        };
        if (login.value.trim()) draft.login = login.value.trim();
        if (staff.value) draft.staff = true;
        void run(async () => {
          const made = await api.addPerson(draft);
          onDone({ name: made.person.name, link: made.link ?? "", until: null });
        });
      }}
    >
      <Field
        label={t().personName}
        required
        maxLength={80}
        autocomplete="off"
        value={name.value}
        onInput={(event) => {
          name.value = event.currentTarget.value;
        }}
      />
      <Field
        label={t().login}
        maxLength={64}
        autocomplete="off"
        autocapitalize="none"
        value={login.value}
        onInput={(event) => {
          login.value = event.currentTarget.value;
        }}
      />
      <Check
        label={t().isStaff}
        checked={staff.value}
        onChange={(checked) => {
          staff.value = checked;
        }}
      />
      {error.value && <Problem error={error.value} />}
      <Button type="submit" look="primary" busy={busy.value}>
        {t().add}
      </Button>
    </form>
  );
}

function Row({ row, onLink }: { row: PersonRow; onLink: (link: Link) => void }) {
  const { busy, error, run } = useAction();
  const make = () =>
    void run(async () => {
      const { link, expires_at } = await api.linkFor(row.id);
      onLink({ name: row.name, link, until: expires_at });
    });
  return (
    <li>
      <span>
        {row.name}
        {row.login && <span class="soft"> · {row.login}</span>}
      </span>
      {row.staff && <span class="badge badge-scheduled">{t().roleNames.staff}</span>}
      <Button icon="link" busy={busy.value} onClick={make}>
        {t().makeLink}
        <span class="visually-hidden">: {row.name}</span>
      </Button>
      {error.value && <Problem error={error.value} />}
    </li>
  );
}

function List() {
  const { state, reload } = useLoad(() => api.people());
  const adding = useSignal(false);
  const link = useSignal<Link | null>(null);
  const { value, error } = state.value;
  return (
    <>
      <div>
        <Button
          icon="plus"
          look="primary"
          testid="add-person"
          onClick={() => {
            adding.value = true;
          }}
        >
          {t().addPerson}
        </Button>
      </div>
      {link.value && (
        <Notice tone="success" title={t().linkFor(link.value.name)} testid="link-made">
          <CopyField label={t().makeLink} value={link.value.link} testid="new-link" />
          <p>
            {t().linkOnce}
            {link.value.until && ` ${t().linkUntil(whenWords(link.value.until))}`}
          </p>
        </Notice>
      )}
      {!value && error && <Problem error={error} retry={() => void reload()} />}
      {!value && !error && <Skeleton />}
      {value?.length === 0 && (
        <Empty icon="people" title={t().peopleEmpty}>
          {t().peopleEmptyHint}
        </Empty>
      )}
      {value && value.length > 0 && (
        <ul class="card members">
          {value.map((row) => (
            <Row
              key={row.id}
              row={row}
              onLink={(made) => {
                link.value = made;
              }}
            />
          ))}
        </ul>
      )}
      <Dialog
        title={t().addPerson}
        open={adding.value}
        onClose={() => {
          adding.value = false;
        }}
      >
        <AddPerson
          onDone={(made) => {
            adding.value = false;
            link.value = made;
            void reload();
          }}
        />
        <Button
          onClick={() => {
            adding.value = false;
          }}
        >
          {t().cancel}
        </Button>
      </Dialog>
    </>
  );
}

export default function People() {
  if (!person.value) return <NeedsSignIn title={t().peopleTitle} />;
  return (
    <Page title={t().peopleTitle} here="people">
      {person.value.staff ? <List /> : <Problem error={new ApiError("not-allowed", 403)} />}
    </Page>
  );
}
