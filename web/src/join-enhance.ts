/** What a script adds to the plain join page: the code of the link, the name of last time. */
import "./styles/base.css";

const input = (id: string) => document.getElementById(id) as HTMLInputElement | null;
const code = input("code");
const name = input("name");

const ofLink = /^\/join\/(\d{6})\b/.exec(location.pathname)?.[1];
if (code && ofLink) code.value = ofLink;

try {
  if (name && !name.value) name.value = localStorage.getItem("darsgoh.name") ?? "";
  name?.form?.addEventListener("submit", () =>
    localStorage.setItem("darsgoh.name", name.value.trim()),
  );
} catch {
  // Storage is forbidden here: the browser's own autofill may still know the name.
}

// A person we know needs no name: the server takes the one it has.
fetch("/api/session", { credentials: "same-origin" })
  .then((response) => response.json())
  .then((session: { person: { name: string } | null }) => {
    if (session.person && name) name.value = session.person.name;
  })
  .catch(() => {});

for (const link of document.querySelectorAll<HTMLAnchorElement>(".languages a")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    // biome-ignore lint/suspicious/noDocumentCookie: CookieStore is missing in Firefox 115 and Safari 15.
    document.cookie = `darsgoh_language=${link.lang}; path=/; max-age=31536000; samesite=lax`;
    location.reload();
  });
}

// An error this page has no words for is still an error.
const problem = location.hash.slice(1);
if (problem && !document.getElementById(problem)) location.hash = "failed";

(ofLink ? name : code)?.focus();
