import { describe, expect, it } from "vitest";
import { Bookmark, type Mark, NO_MARK, resumed, telling, told } from "./bookmark";

describe("where one goes on", () => {
  const mark: Mark = { position: 77_000, told: [60_000, 77_000] };

  it("is where this browser was, if all the server has came from here", () => {
    expect(resumed(mark, 77_000)).toBe(77_000);
    expect(resumed(mark, 60_000), "the last note was lost on its way").toBe(77_000);
    expect(resumed({ position: 77_000, told: [] }, null)).toBe(77_000);
  });

  it("is where another device was, if it told the server since", () => {
    expect(resumed(mark, 12_345)).toBe(12_345);
    expect(resumed(NO_MARK, 12_345)).toBe(12_345);
  });

  it("forgets what the server can not have any more, and does not grow for ever", () => {
    let grown = mark;
    for (let position = 0; position < 100; position += 1) grown = telling(grown, position);
    expect(grown.told.length).toBeLessThan(30);
    expect(told(grown, 98).told).toEqual([98, 99]);
  });
});

describe("a bookmark", () => {
  it("tells one after the other, the newest only, and at once when the page goes", async () => {
    const sent: [number, boolean][] = [];
    const answers: (() => void)[] = [];
    const bookmark = new Bookmark("one", (position, _seen, last) => {
      sent.push([position, last]);
      return new Promise<void>((resolve) => answers.push(resolve));
    });
    for (const position of [1_000, 20_000, 40_000, 75_000.4]) bookmark.note(position);
    expect(sent).toEqual([[1_000, false]]);
    answers.shift()?.();
    await Promise.resolve();
    await Promise.resolve();
    expect(sent).toEqual([
      [1_000, false],
      [75_000, false],
    ]);
    bookmark.note(77_000, true);
    expect(sent[2]).toEqual([77_000, true]);
    expect(bookmark.resume(1_000)).toBe(77_000);
    expect(bookmark.resume(5)).toBe(5);
  });

  it("tells what was played again if it could not be told", async () => {
    const seen: [number, number][][] = [];
    const bookmark = new Bookmark("two", (_position, played) => {
      seen.push(played);
      return Promise.reject(new Error("offline"));
    });
    bookmark.played.at(0, true);
    bookmark.played.at(500, true);
    bookmark.note(500);
    await new Promise((resolve) => setTimeout(resolve));
    bookmark.note(600);
    expect(seen).toEqual([[[0, 500]], [[0, 500]]]);
  });

  it("keeps what was played while nobody is signed in", () => {
    const bookmark = new Bookmark("three", () => null);
    bookmark.played.at(0, true);
    bookmark.played.at(500, true);
    bookmark.note(500);
    expect(bookmark.played.take()).toEqual([[0, 500]]);
  });
});
