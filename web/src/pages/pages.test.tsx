import { renderToString } from "preact-render-to-string";
import { beforeEach, describe, expect, it } from "vitest";
import { Notice, problemText } from "../components/basics";
import { spokenCode } from "../components/invite";
import { cleanCode } from "../components/join-form";
import { leftAt } from "../components/lesson-card";
import { startOf } from "../components/lesson-draft";
import { qrPath } from "../components/qr";
import { setMessages } from "../i18n";
import en from "../i18n/en";
import ru from "../i18n/ru";
import { renderAll } from "../prerender";
import { ApiError } from "../protocol/api";
import type { Lesson } from "../protocol/types";
import { sortLessons } from "./course";
import { nextPath } from "./sign-in";

beforeEach(() => setMessages("en", en));

describe("where somebody left a replay", () => {
  const replay = (position: number, watched = false) => ({
    from: 60_000,
    length: 600_000,
    progress: { position, seen: 0, watched },
  });

  it("is said between its beginning and its end, until all of it is watched", () => {
    expect(leftAt(replay(300_000))).toBe(300_000);
    for (const position of [0, 60_000, 580_000, 700_000])
      expect(leftAt(replay(position))).toBe(null);
    expect(leftAt(replay(300_000, true))).toBe(null);
    expect(leftAt({ ...replay(1), progress: null })).toBe(null);
    expect(leftAt(undefined)).toBe(null);
  });
});

describe("the plain join page", () => {
  const pages = renderAll({
    script: "/assets/join.js",
    styles: ["/assets/base.css"],
    icon: "/i.svg",
  });

  it.each(pages)("works without a script in %s", (language, html) => {
    expect(html).toContain(`<html lang="${language}">`);
    expect(html).toMatch(/<form[^>]*method="post"[^>]*action="\/join"/);
    for (const name of ["code", "name"]) expect(html).toContain(`name="${name}"`);
    for (const code of ["code-unknown", "name-missing", "too-many-tries"]) {
      expect(html).toContain(`id="${code}"`);
    }
  });

  it.each(pages)("has nothing inline that the policy would forbid in %s", (_, html) => {
    expect(html).not.toMatch(/<script(?![^>]*src=)|<style| style="| on\w+="/);
  });
});

describe("codes", () => {
  it("are read however people type them, and shown as people say them", () => {
    expect(cleanCode(" 123-456 ")).toBe("123456");
    expect(cleanCode("12a34")).toBe("1234");
    expect(spokenCode("123456")).toBe("123 456");
  });
});

describe("the way back after signing in", () => {
  it("stays within this site", () => {
    expect(nextPath("/lessons/1")).toBe("/lessons/1");
    for (const bad of [
      undefined,
      "",
      "https://evil.example",
      "//evil.example",
      "/\\evil.example",
    ]) {
      expect(nextPath(bad)).toBe("/");
    }
  });
});

describe("the start of a lesson", () => {
  it("is typed in the school's time zone", () => {
    expect(startOf("2026-11-23T15:00", "Asia/Dushanbe")).toBe("2026-11-23T10:00:00.000Z");
    expect(startOf("", "Asia/Dushanbe")).toBeNull();
  });
});

describe("the lessons of a course", () => {
  it("begin with what is on, then what comes, then the latest of what is over", () => {
    const lesson = (id: string, state: Lesson["state"], starts_at: string) =>
      ({ id, state, starts_at, started_at: null }) as Lesson;
    const sorted = sortLessons([
      lesson("old", "ended", "2026-01-01T00:00:00Z"),
      lesson("later", "scheduled", "2026-03-02T00:00:00Z"),
      lesson("on", "live", "2026-02-01T00:00:00Z"),
      lesson("soon", "scheduled", "2026-03-01T00:00:00Z"),
      lesson("older", "ended", "2025-01-01T00:00:00Z"),
    ]);
    expect(sorted.map((each) => each.id)).toEqual(["on", "soon", "later", "old", "older"]);
  });
});

describe("errors in words", () => {
  it("are known by code, then by status, and never silent", () => {
    expect(problemText(new ApiError("wrong-login", 401))).toBe(en.problems["wrong-login"]);
    expect(problemText(new ApiError("strange", 403))).toBe(en.problems["not-allowed"]);
    expect(problemText(new ApiError("strange", 500))).toContain("(strange)");
    setMessages("ru", ru);
    expect(problemText(new ApiError("offline", 0))).toBe(ru.problems.offline);
  });

  it("are read out when the person has just caused them", () => {
    const html = renderToString(
      <Notice tone="error" alert>
        x
      </Notice>,
    );
    expect(html).toContain('role="alert"');
  });
});

describe("a QR code", () => {
  it("is drawn a run at a time", () => {
    expect(
      qrPath([
        [true, true, false, true],
        [false, false, false, false],
      ]),
    ).toBe("M0 0h2v1h-2zM3 0h1v1h-1z");
  });
});
