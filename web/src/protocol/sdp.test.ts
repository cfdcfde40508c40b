import { describe, expect, it } from "vitest";
import { readIce, readIceServers, restartFragment, withIce } from "./sdp";

const OFFER = [
  "v=0",
  "o=- 1 2 IN IP4 127.0.0.1",
  "a=group:BUNDLE 0 1",
  "m=video 9 UDP/TLS/RTP/SAVPF 96",
  "a=mid:0",
  "a=ice-ufrag:abcd",
  "a=ice-pwd:secret-of-the-offer-1234",
  "a=candidate:1 1 udp 2 192.0.2.1 5000 typ host",
  "m=audio 9 UDP/TLS/RTP/SAVPF 111",
  "a=mid:1",
  "a=ice-ufrag:abcd",
  "a=ice-pwd:secret-of-the-offer-1234",
  "a=candidate:1 1 udp 2 192.0.2.1 5000 typ host",
  "",
].join("\r\n");

describe("reading ICE", () => {
  it("takes credentials and each candidate once", () => {
    expect(readIce(OFFER)).toEqual({
      ufrag: "abcd",
      pwd: "secret-of-the-offer-1234",
      candidates: ["a=candidate:1 1 udp 2 192.0.2.1 5000 typ host"],
    });
  });

  it("finds nothing in a description without credentials", () => {
    expect(readIce("v=0\r\n")).toBeNull();
    expect(readIce("")).toBeNull();
  });
});

describe("the fragment of an ICE restart", () => {
  it("has the bundle, the first medium, the credentials and the candidates", () => {
    expect(restartFragment(OFFER).split("\r\n")).toEqual([
      "a=ice-options:trickle ice2",
      "a=group:BUNDLE 0 1",
      "m=video 9 UDP/TLS/RTP/SAVPF 96",
      "a=mid:0",
      "a=ice-ufrag:abcd",
      "a=ice-pwd:secret-of-the-offer-1234",
      "a=candidate:1 1 udp 2 192.0.2.1 5000 typ host",
      "a=end-of-candidates",
      "",
    ]);
  });

  it("refuses an offer without credentials", () => {
    expect(() => restartFragment("v=0\r\n")).toThrow("the offer has no ICE credentials");
  });
});

describe("putting new credentials into an answer", () => {
  it("replaces them in every medium and keeps the rest", () => {
    const fresh = {
      ufrag: "new",
      pwd: "fresh",
      candidates: ["a=candidate:9 1 udp 1 192.0.2.9 8189 typ host"],
    };
    const answer = withIce(OFFER, fresh);
    expect(answer).not.toContain("abcd");
    expect(answer).not.toContain("192.0.2.1 ");
    expect(answer.match(/a=ice-ufrag:new/g)).toHaveLength(2);
    expect(answer.match(/192\.0\.2\.9/g)).toHaveLength(2);
    expect(answer).toContain("a=mid:1");
  });
});

describe("ICE servers in a Link header", () => {
  it("reads STUN and TURN", () => {
    const header =
      '<stun:stun.example>; rel="ice-server", <turn:turn.example?transport=tcp>; rel="ice-server"; username="u:1"; credential="p,w"; credential-type="password"';
    expect(readIceServers(header)).toEqual([
      { urls: "stun:stun.example" },
      { urls: "turn:turn.example?transport=tcp", username: "u:1", credential: "p,w" },
    ]);
  });

  it("leaves out what it does not understand", () => {
    expect(readIceServers(null)).toEqual([]);
    expect(readIceServers('<https://x>; rel="next", rubbish')).toEqual([]);
  });
});
