import { describe, expect, it } from "vitest";
import type { Question } from "../../protocol/questions";
import type { QuestionRoom } from "../../state/questions";
import { pressKey } from "./keys";
import { canTake, STEPS } from "./steps";

const question = (number: number, state: Question["state"]) => ({ number, state }) as Question;

function press(code: string, now: Question | null, items: Question[], current: Question | null) {
  const did: string[] = [];
  const keys = {
    room: { undo: () => did.push("undo") } as unknown as QuestionRoom,
    now,
    items,
    current,
    select: (number: number) => void did.push(`select ${number}`),
    take: (each: Question, step: string) => void did.push(`${step} ${each.number}`),
  };
  return pressKey(code, keys) ? did.join() : null;
}

const ONE = question(1, "open");
const TWO = question(2, "open");
const NOW = question(9, "answering");

describe("the teacher's keys", () => {
  it.each([
    ["Digit1", "begin 1"],
    ["Digit2", "done 1"],
    ["Digit3", "text 1"],
    ["Digit4", "later 1"],
    ["Digit5", "dismiss 1"],
    ["Enter", "begin 1"],
    ["ArrowDown", "select 2"],
    ["ArrowUp", "select 1"],
    ["KeyZ", "undo"],
    ["KeyX", null],
  ])("%s does %s to the chosen question", (code, did) => {
    expect(press(code, null, [ONE, TWO], ONE)).toBe(did);
  });

  it("are about what is being answered, where that makes sense", () => {
    expect(press("Digit2", NOW, [ONE], ONE)).toBe("done 9");
    expect(press("Digit5", NOW, [ONE], ONE)).toBe("dismiss 1");
    expect(press("Enter", NOW, [ONE], null)).toBe("done 9");
    expect(press("Enter", NOW, [ONE], ONE)).toBe("begin 1");
  });

  it("do nothing where nothing is chosen, and begin at the top", () => {
    expect(press("Digit1", null, [ONE], null)).toBeNull();
    expect(press("Enter", null, [ONE], null)).toBeNull();
    expect(press("ArrowDown", null, [ONE, TWO], null)).toBe("select 1");
    expect(press("ArrowDown", null, [ONE, TWO], TWO)).toBeNull();
  });
});

describe("the steps of a teacher", () => {
  it("are those that the protocol's table allows", () => {
    const from = (step: "begin" | "done" | "text" | "later" | "dismiss" | "merge" | "reopen") =>
      Object.keys(STEPS).filter((state) => canTake(question(1, state as Question["state"]), step));
    expect(from("begin")).toEqual(["open", "later", "answered"]);
    expect(from("done")).toEqual(["open", "later", "answering"]);
    expect(from("text")).toEqual(["open", "later", "answering", "answered"]);
    expect(from("later")).toEqual(["open", "answering"]);
    expect(from("dismiss")).toEqual(["in-review", "open", "later"]);
    expect(from("merge")).toEqual(["in-review", "open", "later"]);
    expect(from("reopen")).toEqual(["later", "answered", "dismissed", "merged"]);
  });
});
