/** The teacher's side of a lesson: devices, publishers, state. Pages only read and call. */
import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import type { ApiError } from "../protocol/api";
import type { LessonView } from "../protocol/lesson-log";
import type { Link, LinkName } from "../protocol/link";
import { Resting, type RestingLayers } from "../protocol/resting";
import { LessonSocket, type SocketState } from "../protocol/socket";
import type { Lesson } from "../protocol/types";
import { CAMERA_ENCODING, Publisher, SCREEN_ENCODING } from "../protocol/whip";
import { api, asApiError, remembered } from "./app";
import {
  DeviceError,
  type DeviceProblem,
  type Devices,
  isAllowed,
  listDevices,
  openCamera,
  openMicrophone,
  openScreen,
} from "./devices";
import { hear, isSilent, Meter, speaksMuted, type Voice } from "./meter";
import { type Pulse, pulse, type Quality, type Sample, sampleOf, uplinkOf } from "./stats";

const METER_PERIOD = 100;
const HEALTH_PERIOD = 2_000;
/** A camera that gives no new frame for this long is frozen, in ms. */
const FROZEN_AFTER = 5_000;
/** While the socket is away the lesson is asked for this often, in ms. */
const POLL_PERIOD = 10_000;

const chosenCamera = remembered<string>("camera", "");
const chosenMicrophone = remembered<string>("microphone", "");
/** The choice "no camera" or "no microphone". */
export const NONE = "none";

export type Uplink = "idle" | "connecting" | "good" | "weak" | "bad" | "reconnecting" | "refused";

/** Say the teacher's own connection in one word. */
export function uplinkName(link: LinkName, wasConnected: boolean, quality: Quality): Uplink {
  if (link === "idle" || link === "closed") return "idle";
  if (link === "refused") return "refused";
  if (link === "connected" || link === "shaky") {
    return ({ good: "good", slow: "weak", bad: "bad" } as const)[quality];
  }
  return wasConnected ? "reconnecting" : "connecting";
}

export class Studio {
  readonly id: string;
  readonly lesson = signal<Lesson | null>(null);
  readonly error = signal<ApiError | null>(null);
  readonly view = signal<LessonView | null>(null);
  readonly socketState = signal<SocketState>("closed");

  readonly devices = signal<Devices>({ cameras: [], microphones: [] });
  readonly deviceProblem = signal<DeviceProblem | null>(null);
  readonly opening = signal(false);
  readonly camera = signal<MediaStreamTrack | null>(null);
  readonly microphone = signal<MediaStreamTrack | null>(null);
  readonly screen = signal<MediaStreamTrack | null>(null);
  readonly cameraWanted = signal(chosenCamera.value !== NONE);
  readonly muted = signal(false);
  readonly unplugged = signal<"camera" | "microphone" | null>(null);
  readonly screenLost = signal(false);

  /** dBFS. */
  readonly level = signal(-70);
  readonly mutedSpeaking = signal(false);
  readonly silent = signal(false);
  readonly frozen = signal(false);

  readonly sending = signal(false);
  /** Whether the page is on its way back to the air by itself, after a reload. */
  readonly returning = signal(false);
  readonly link = signal<Link | null>(null);
  readonly screenLink = signal<Link | null>(null);
  readonly quality = signal<Quality>("good");
  readonly sample = signal<Sample | null>(null);
  readonly otherTab = signal(false);

  readonly uplink: ReadonlySignal<Uplink> = computed(() => {
    const link = this.link.value;
    if (!link) return "idle";
    return uplinkName(link.name, link.wasConnected, this.quality.value);
  });
  readonly cameraStream = computed(() => streamOf(this.camera.value));
  readonly screenStream = computed(() => streamOf(this.screen.value));

  readonly #socket: LessonSocket;
  readonly #publisher: Publisher;
  readonly #screenPublisher: Publisher;
  readonly #resting = new Resting(() => this.pc);
  readonly #channel: BroadcastChannel | null;
  readonly #cleanups: (() => void)[] = [];
  #meter: Meter | null = null;
  #voice: Voice | null = null;
  #frames: Pulse | null = null;
  /** The id of the device that was unplugged. */
  #lost: string | null = null;

  constructor(id: string) {
    this.id = id;
    this.#socket = new LessonSocket(
      id,
      {
        view: (view) =>
          batch(() => {
            this.view.value = view;
            this.#setLesson(view.lesson);
          }),
        state: (state) => {
          this.socketState.value = state;
          if (state === "joined") this.#poke();
        },
      },
      { layers: (body) => this.#rest(body as RestingLayers) },
    );
    this.#publisher = new Publisher(
      async () => {
        const { whip, token } = await api.grant(id, "publish");
        return { url: whip, token };
      },
      CAMERA_ENCODING,
      (link) => {
        this.link.value = link;
      },
    );
    this.#screenPublisher = new Publisher(
      async () => {
        const { whip_screen, token } = await api.grant(id, "publish");
        return { url: whip_screen, token };
      },
      SCREEN_ENCODING,
      (link) => {
        this.screenLink.value = link;
      },
    );
    this.#channel = "BroadcastChannel" in window ? new BroadcastChannel(`darsgoh.air.${id}`) : null;
  }

  /** For questions, which have a part of the page to themselves. */
  get socket(): LessonSocket {
    return this.#socket;
  }

  get pc(): RTCPeerConnection | null {
    return this.#publisher.pc;
  }

  get screenPc(): RTCPeerConnection | null {
    return this.#screenPublisher.pc;
  }

  open(): void {
    const onOnline = () => {
      if (navigator.onLine) this.#poke();
    };
    const onDevices = () => void this.#onDevices();
    // The screen can not return by itself after a reload; camera and voice can, and keep their place till then.
    const onHide = () => this.#screenPublisher.stop();
    window.addEventListener("online", onOnline);
    window.addEventListener("pagehide", onHide);
    navigator.mediaDevices?.addEventListener?.("devicechange", onDevices);
    this.#channel?.addEventListener("message", () => this.#elsewhere());
    const meter = setInterval(() => this.#readMeter(), METER_PERIOD);
    const health = setInterval(() => void this.#measure(), HEALTH_PERIOD);
    const poll = setInterval(() => {
      if (this.socketState.value !== "joined") void this.load();
    }, POLL_PERIOD);
    this.#cleanups.push(() => {
      window.removeEventListener("online", onOnline);
      window.removeEventListener("pagehide", onHide);
      navigator.mediaDevices?.removeEventListener?.("devicechange", onDevices);
      clearInterval(meter);
      clearInterval(health);
      clearInterval(poll);
    });
    void this.#begin();
  }

  close(): void {
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
    this.#stopSending();
    this.#socket.close();
    this.#resting.stop();
    this.#channel?.close();
    this.#meter?.close();
    for (const track of [this.camera.value, this.microphone.value, this.screen.value])
      track?.stop();
  }

  async load(): Promise<void> {
    try {
      this.#setLesson(await api.lesson(this.id));
      this.error.value = null;
    } catch (error) {
      if (!this.lesson.value) this.error.value = asApiError(error);
    }
  }

  /** Open camera and microphone, each for itself: one that fails does not take the other with it. */
  async openDevices(): Promise<void> {
    this.opening.value = true;
    if (this.unplugged.value === "camera") this.cameraWanted.value = true;
    this.deviceProblem.value = null;
    const problems: DeviceProblem[] = [];
    const keep = (problem: unknown) => {
      problems.push(problem instanceof DeviceError ? problem.problem : "unknown");
    };
    // One after the other: two questions of the browser at once confuse people.
    if (!this.microphone.value && chosenMicrophone.value !== NONE) {
      await openMicrophone(chosenMicrophone.value).then(
        (track) => this.#setMicrophone(track),
        keep,
      );
    }
    if (!this.camera.value && chosenCamera.value !== NONE && this.cameraWanted.value) {
      await openCamera(chosenCamera.value).then((track) => this.#setCamera(track), keep);
    }
    await this.#listDevices();
    this.opening.value = false;
    this.deviceProblem.value = problems[0] ?? null;
    await this.#sync();
  }

  async chooseCamera(deviceId: string): Promise<void> {
    chosenCamera.value = deviceId;
    this.cameraWanted.value = deviceId !== NONE;
    await this.#replaceCamera();
  }

  async chooseMicrophone(deviceId: string): Promise<void> {
    chosenMicrophone.value = deviceId;
    try {
      this.#setMicrophone(deviceId === NONE ? null : await openMicrophone(deviceId));
      this.deviceProblem.value = null;
    } catch (problem) {
      this.#showProblem(problem);
    }
    await this.#sync();
  }

  get cameraId(): string {
    return this.camera.value?.getSettings().deviceId ?? (this.cameraWanted.value ? "" : NONE);
  }

  get microphoneId(): string {
    return this.microphone.value?.getSettings().deviceId ?? NONE;
  }

  async toggleCamera(): Promise<void> {
    this.cameraWanted.value = !this.cameraWanted.value;
    if (this.cameraWanted.value && chosenCamera.value === NONE) chosenCamera.value = "";
    await this.#replaceCamera();
  }

  toggleMute(): void {
    this.muted.value = !this.muted.value;
    const track = this.microphone.value;
    if (track) track.enabled = !this.muted.value;
    this.mutedSpeaking.value = false;
  }

  async toggleScreen(): Promise<void> {
    if (this.screen.value) {
      this.#endScreen();
      return;
    }
    try {
      const track = await openScreen();
      track.addEventListener("ended", () => this.#endScreen());
      this.screen.value = track;
      this.screenLost.value = false;
      this.deviceProblem.value = null;
      this.#rememberScreen(true);
      if (this.sending.value) this.#screenPublisher.start({ video: track, audio: null });
    } catch (problem) {
      this.#showProblem(problem);
    }
  }

  /** Go to practice: publish where only the teacher sees it. Raises ApiError. */
  async practise(): Promise<void> {
    this.#setLesson(await api.setLessonState(this.id, "practice"));
    this.send();
  }

  /** Go live, through practice if the lesson has not been opened yet. Raises ApiError. */
  async goLive(): Promise<void> {
    if (this.lesson.value?.state === "scheduled") await this.practise();
    this.#setLesson(await api.setLessonState(this.id, "live"));
    this.send();
  }

  /** End the lesson for everyone. Raises ApiError. */
  async end(): Promise<void> {
    this.#setLesson(await api.setLessonState(this.id, "ended"));
  }

  /** Put what we have on air (in practice: on our own air). */
  send(): void {
    this.sending.value = true;
    this.otherTab.value = false;
    this.#channel?.postMessage("on air");
    this.#rememberAir(true);
    this.#startPublishers();
  }

  async #begin(): Promise<void> {
    const wasOnAir = sessionStorage.getItem(`darsgoh.air.${this.id}`) !== null;
    this.returning.value = wasOnAir;
    try {
      await this.#enter(wasOnAir);
    } finally {
      this.returning.value = false;
    }
  }

  async #enter(wasOnAir: boolean): Promise<void> {
    await this.load();
    const lesson = this.lesson.value;
    if (!lesson) return;
    this.#socket.open();
    await this.#listDevices();
    if (!lesson.rights.includes("publish") || lesson.state === "ended") return;
    const open = lesson.state === "live" || lesson.state === "practice";
    if (!wasOnAir || !open) return;
    this.screenLost.value = sessionStorage.getItem(`darsgoh.screen.${this.id}`) !== null;
    this.#rememberScreen(false);
    // Only who was on air a moment ago: nobody's camera starts because a page was opened.
    if (await isAllowed()) await this.openDevices();
    if (this.camera.value || this.microphone.value) this.send();
  }

  #setLesson(lesson: Lesson): void {
    const before = this.lesson.value;
    // Events tell the state, not the times: keep those, and ask for the ones we do not know.
    this.lesson.value = { ...lesson, started_at: lesson.started_at ?? before?.started_at ?? null };
    if (before && before.state !== lesson.state && !this.lesson.value.started_at) void this.load();
    if (lesson.state === "ended") {
      this.#stopSending();
      this.#rememberAir(false);
    }
  }

  /** Something is better now: try at once where a publisher waits. */
  #poke(): void {
    this.#publisher.poke();
    this.#screenPublisher.poke();
  }

  #startPublishers(): void {
    const { camera, microphone, screen } = this;
    if (camera.value || microphone.value) {
      const tracks = { video: camera.value, audio: microphone.value };
      this.#publisher.start(tracks);
      void this.#publisher.setTracks(tracks);
    }
    if (screen.value) this.#screenPublisher.start({ video: screen.value, audio: null });
  }

  /** The screen is sent in one size: only of the camera there is something to leave out. */
  #rest({ source, rest }: RestingLayers): void {
    if (source === "camera") this.#resting.take(rest);
  }

  #stopSending(): void {
    this.sending.value = false;
    this.#publisher.stop();
    this.#screenPublisher.stop();
  }

  #elsewhere(): void {
    if (!this.sending.value) return;
    this.#stopSending();
    this.#rememberAir(false);
    this.otherTab.value = true;
  }

  /** Bring what is sent in line with what is open. */
  async #sync(): Promise<void> {
    if (!this.sending.value) return;
    const tracks = { video: this.camera.value, audio: this.microphone.value };
    if (!tracks.video && !tracks.audio) {
      this.#publisher.stop();
      return;
    }
    this.#publisher.start(tracks);
    await this.#publisher.setTracks(tracks);
  }

  async #replaceCamera(): Promise<void> {
    try {
      this.#setCamera(this.cameraWanted.value ? await openCamera(chosenCamera.value) : null);
      this.deviceProblem.value = null;
    } catch (problem) {
      this.cameraWanted.value = this.camera.value !== null;
      this.#showProblem(problem);
    }
    await this.#sync();
  }

  #setCamera(track: MediaStreamTrack | null): void {
    const old = this.camera.value;
    this.camera.value = track;
    this.#frames = null;
    this.frozen.value = false;
    if (this.unplugged.value === "camera") this.unplugged.value = null;
    track?.addEventListener("ended", () => {
      if (this.camera.value !== track) return;
      this.#lost = track.getSettings().deviceId ?? null;
      this.camera.value = null;
      this.cameraWanted.value = false;
      this.unplugged.value = "camera";
      void this.#sync();
    });
    old?.stop();
  }

  #setMicrophone(track: MediaStreamTrack | null): void {
    const old = this.microphone.value;
    this.microphone.value = track;
    this.#meter?.close();
    this.#meter = track ? new Meter(track) : null;
    this.#voice = null;
    if (this.unplugged.value === "microphone") this.unplugged.value = null;
    if (track) track.enabled = !this.muted.value;
    track?.addEventListener("ended", () => {
      if (this.microphone.value !== track) return;
      this.#lost = track.getSettings().deviceId ?? null;
      this.#setMicrophone(null);
      this.unplugged.value = "microphone";
      void this.#sync();
    });
    old?.stop();
  }

  #endScreen(): void {
    this.screen.value?.stop();
    this.screen.value = null;
    this.#rememberScreen(false);
    this.#screenPublisher.stop();
  }

  #showProblem(problem: unknown): void {
    this.deviceProblem.value = problem instanceof DeviceError ? problem.problem : "unknown";
  }

  /** A device that was in use and is plugged in again goes on by itself. */
  async #onDevices(): Promise<void> {
    await this.#listDevices();
    const { cameras, microphones } = this.devices.value;
    if ([...cameras, ...microphones].some((each) => each.deviceId === this.#lost)) {
      this.#lost = null;
      await this.openDevices();
    }
  }

  async #listDevices(): Promise<void> {
    this.devices.value = await listDevices();
  }

  #rememberAir(on: boolean): void {
    rememberFlag(`darsgoh.air.${this.id}`, on);
  }

  #rememberScreen(on: boolean): void {
    rememberFlag(`darsgoh.screen.${this.id}`, on);
  }

  #readMeter(): void {
    if (!this.#meter) {
      this.level.value = -70;
      return;
    }
    const now = performance.now();
    const db = this.#meter.read();
    this.#voice = hear(this.#voice, db, now);
    batch(() => {
      this.level.value = db;
      if (!this.#voice) return;
      this.mutedSpeaking.value = speaksMuted(this.#voice, this.muted.value, now);
      this.silent.value = isSilent(this.#voice, this.muted.value, now);
    });
  }

  async #measure(): Promise<void> {
    this.#publisher.check();
    this.#screenPublisher.check();
    const pc = this.#publisher.pc;
    if (!pc || this.link.value?.name !== "connected") return;
    const report = await pc.getStats();
    const entries: Record<string, unknown>[] = [];
    report.forEach((entry) => {
      entries.push(entry as Record<string, unknown>);
    });
    const now = performance.now();
    const sample = sampleOf(entries, now);
    this.#frames = pulse(this.#frames, sample.framesEncoded, now);
    batch(() => {
      this.sample.value = sample;
      this.quality.value = uplinkOf(this.quality.value, sample.remoteLoss, sample.roundTrip);
      this.frozen.value =
        this.camera.value !== null && now - (this.#frames?.movedAt ?? now) > FROZEN_AFTER;
    });
  }
}

function streamOf(track: MediaStreamTrack | null): MediaStream | null {
  return track ? new MediaStream([track]) : null;
}

function rememberFlag(key: string, on: boolean): void {
  try {
    if (on) sessionStorage.setItem(key, "1");
    else sessionStorage.removeItem(key);
  } catch {
    // Then a reload needs one tap.
  }
}
