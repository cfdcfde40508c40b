/** The few pieces of SDP the pages read and write themselves; all pure. */

export interface IceFragment {
  ufrag: string;
  pwd: string;
  candidates: string[];
}

function lines(sdp: string): string[] {
  return sdp.split(/\r?\n/).filter((line) => line !== "");
}

function attribute(sdp: string, name: string): string | null {
  const prefix = `a=${name}:`;
  const line = lines(sdp).find((each) => each.startsWith(prefix));
  return line === undefined ? null : line.slice(prefix.length);
}

/** Read the ICE credentials and candidates of a description or a fragment; null without credentials. */
export function readIce(sdp: string): IceFragment | null {
  const ufrag = attribute(sdp, "ice-ufrag");
  const pwd = attribute(sdp, "ice-pwd");
  if (!ufrag || !pwd) return null;
  const candidates = [...new Set(lines(sdp).filter((line) => line.startsWith("a=candidate:")))];
  return { ufrag, pwd, candidates };
}

/** Make the body of an ICE restart from our new offer (RFC 9725 §4.3.3, RFC 8840 §9). */
export function restartFragment(offer: string): string {
  const ice = readIce(offer);
  if (!ice) throw new Error("the offer has no ICE credentials");
  const all = lines(offer);
  const group = all.find((line) => line.startsWith("a=group:BUNDLE")) ?? "a=group:BUNDLE 0";
  const media = all.find((line) => line.startsWith("m=")) ?? "m=audio 9 UDP/TLS/RTP/SAVPF 0";
  const out = [
    "a=ice-options:trickle ice2",
    group,
    media,
    `a=mid:${attribute(offer, "mid") ?? "0"}`,
    `a=ice-ufrag:${ice.ufrag}`,
    `a=ice-pwd:${ice.pwd}`,
    ...ice.candidates,
    "a=end-of-candidates",
  ];
  return `${out.join("\r\n")}\r\n`;
}

/** Put the server's new ICE credentials and candidates into its earlier answer. */
export function withIce(answer: string, ice: IceFragment): string {
  const out: string[] = [];
  for (const line of lines(answer)) {
    if (line.startsWith("a=candidate:") || line === "a=end-of-candidates") continue;
    if (line.startsWith("a=ice-ufrag:")) out.push(`a=ice-ufrag:${ice.ufrag}`);
    else if (line.startsWith("a=ice-pwd:")) out.push(`a=ice-pwd:${ice.pwd}`, ...ice.candidates);
    else out.push(line);
  }
  return `${out.join("\r\n")}\r\n`;
}

/** Read `Link: <…>; rel="ice-server"` headers (RFC 9725 §4.6); what is not understood is left out. */
export function readIceServers(header: string | null): RTCIceServer[] {
  if (!header) return [];
  const servers: RTCIceServer[] = [];
  for (const part of header.split(/,(?=\s*<)/)) {
    const url = /<([^>]+)>/.exec(part)?.[1];
    if (!url || !/rel="?ice-server"?/.test(part)) continue;
    const quoted = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(part)?.[1];
    const username = quoted("username");
    const credential = quoted("credential");
    servers.push(username && credential ? { urls: url, username, credential } : { urls: url });
  }
  return servers;
}
