import { describe, expect, it } from "vitest";
import { Api, ApiError, retryAfterSeconds } from "./api";
import { grantFailure, mediaFailure } from "./peer";

function answering(status: number, body: unknown, headers: Record<string, string> = {}) {
  const calls: { path: string; init: RequestInit | undefined }[] = [];
  const api = new Api(async (path, init) => {
    calls.push({ path, init });
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return new Response(status === 204 ? null : text, { status, headers });
  });
  return { api, calls };
}

describe("the API client", () => {
  it("sends JSON and reads JSON", async () => {
    const { api, calls } = answering(200, { person: null });
    expect(await api.signIn("zarina", "secret")).toEqual({ person: null });
    expect(calls[0]?.path).toBe("/api/sign-in");
    expect(calls[0]?.init?.body).toBe('{"login":"zarina","password":"secret"}');
    expect(calls[0]?.init?.credentials).toBe("same-origin");
  });

  it("raises the problem with its code, field and wait", async () => {
    const problem = { code: "too-many-tries", detail: "Slow down.", field: "login" };
    const { api } = answering(429, problem, { "Retry-After": "12" });
    const error = await api.signIn("a", "b").catch((each: unknown) => each as ApiError);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      code: "too-many-tries",
      status: 429,
      field: "login",
      retryAfter: 12,
    });
    expect(String((error as ApiError).message)).toBe("Slow down.");
  });

  it("names an answer that is no problem+json by its status", async () => {
    const { api } = answering(502, "<html>proxy</html>");
    await expect(api.courses()).rejects.toMatchObject({ code: "http-502", status: 502 });
  });

  it("calls silence offline", async () => {
    const api = new Api(async () => {
      throw new TypeError("failed to fetch");
    });
    await expect(api.session()).rejects.toMatchObject({ code: "offline", status: 0 });
  });

  it("takes 404 of the demo as: no demo", async () => {
    expect(await answering(404, { code: "not-found" }).api.demo()).toBeNull();
  });

  it("understands an empty answer", async () => {
    expect(await answering(204, null).api.signOut()).toBeUndefined();
  });

  it("reads Retry-After as seconds or a date", () => {
    expect(retryAfterSeconds("3", 0)).toBe(3);
    expect(retryAfterSeconds("Thu, 01 Jan 1970 00:00:10 GMT", 4_000)).toBe(6);
    expect(retryAfterSeconds("soon", 0)).toBeNull();
    expect(retryAfterSeconds(null, 0)).toBeNull();
  });

  it("tells the server's clock", async () => {
    let told = 0;
    const headers = { Date: "Thu, 01 Jan 1970 00:01:00 GMT" };
    const api = new Api(
      async () => new Response("{}", { headers }),
      (time) => {
        told = time;
      },
    );
    await api.session();
    expect(told).toBe(60_000);
  });
});

describe("sorting failures for the link", () => {
  it("waits for a lesson that is not open", () => {
    const error = new ApiError("lesson-not-open", 409, {}, 5);
    expect(mediaFailure(error)).toEqual({ kind: "later", code: "lesson-not-open", retryAfter: 5 });
    expect(grantFailure(error).kind).toBe("later");
  });

  it("asks for a new token when one is refused by the media doors", () => {
    expect(mediaFailure(new ApiError("token-expired", 401)).kind).toBe("token");
  });

  it("takes a refused grant and a taken source as final", () => {
    expect(grantFailure(new ApiError("not-allowed", 403)).kind).toBe("no");
    expect(mediaFailure(new ApiError("source-taken", 409)).kind).toBe("no");
  });

  it("tries again after anything that may pass", () => {
    for (const error of [
      new ApiError("offline", 0),
      new ApiError("http-503", 503),
      new Error("x"),
    ]) {
      expect(mediaFailure(error).kind).toBe("retry");
      expect(grantFailure(error).kind).toBe("retry");
    }
    expect(grantFailure(new ApiError("too-many-tries", 429)).kind).toBe("retry");
  });
});
