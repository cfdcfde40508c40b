/** The way through the pages of a list that the server sorts. */
import { Button } from "./basics";

export interface PagerTexts {
  readonly pager: string;
  readonly previous: string;
  readonly next: string;
  readonly page: (page: number, pages: number) => string;
}

/** `page` is from 0; a list of one page needs no way. */
export function Pager(props: {
  page: number;
  pages: number;
  texts: PagerTexts;
  onPage: (page: number) => void;
}) {
  const { page, pages, texts, onPage } = props;
  if (pages <= 1) return null;
  return (
    <nav class="pager" aria-label={texts.pager}>
      <Button icon="back" disabled={page === 0} onClick={() => onPage(page - 1)}>
        {texts.previous}
      </Button>
      <span aria-current="page">{texts.page(page + 1, pages)}</span>
      <Button icon="chevron" disabled={page + 1 >= pages} onClick={() => onPage(page + 1)}>
        {texts.next}
      </Button>
    </nav>
  );
}
