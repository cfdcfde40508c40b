/** Cameras, microphones and screens: asking for them, and saying why one does not come. */

export type DeviceProblem =
  | "denied"
  | "missing"
  | "busy"
  | "insecure"
  | "unknown"
  | "screenDenied"
  | "screenUnsupported";

/** Name the reason of a failed getUserMedia by the DOMException's name. */
export function deviceProblem(name: string): DeviceProblem {
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
    case "DevicesNotFoundError":
      return "missing";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    case "TypeError":
      return "insecure";
    default:
      return "unknown";
  }
}

export class DeviceError extends Error {
  readonly problem: DeviceProblem;

  constructor(problem: DeviceProblem) {
    super(problem);
    this.name = "DeviceError";
    this.problem = problem;
  }
}

/** 720p and no more: a face needs no more, and the uplink of a school has no more. */
const CAMERA: MediaTrackConstraints = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30, max: 30 },
};

/** A student's face beside the lesson: small, for an uplink that was made for a phone. */
const GUEST_CAMERA: MediaTrackConstraints = {
  width: { ideal: 640 },
  height: { ideal: 360 },
  frameRate: { ideal: 15, max: 20 },
};

const MICROPHONE: MediaTrackConstraints = {
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
};

/** Slides stand still: a high resolution at few frames keeps letters sharp. */
const SCREEN: MediaTrackConstraints = {
  width: { max: 1920 },
  height: { max: 1080 },
  frameRate: { ideal: 10, max: 15 },
};

async function userTrack(
  kind: "audio" | "video",
  base: MediaTrackConstraints,
  deviceId: string,
): Promise<MediaStreamTrack> {
  if (!navigator.mediaDevices?.getUserMedia) throw new DeviceError("insecure");
  const exact = deviceId ? { ...base, deviceId: { exact: deviceId } } : base;
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ [kind]: exact });
    const track = stream.getTracks()[0];
    if (!track) throw new DeviceError("missing");
    return track;
  } catch (problem) {
    if (problem instanceof DeviceError) throw problem;
    const name = problem instanceof Error ? problem.name : "";
    // The device chosen last time is gone: any other is better than none.
    if (deviceId && deviceProblem(name) === "missing") return userTrack(kind, base, "");
    throw new DeviceError(deviceProblem(name));
  }
}

/** Open a camera; an empty id takes the browser's choice. Raises DeviceError. */
export async function openCamera(deviceId: string): Promise<MediaStreamTrack> {
  const track = await userTrack("video", CAMERA, deviceId);
  track.contentHint = "motion";
  return track;
}

/** Open the camera of a student on air. Raises DeviceError. */
export async function openGuestCamera(): Promise<MediaStreamTrack> {
  const track = await userTrack("video", GUEST_CAMERA, "");
  track.contentHint = "motion";
  return track;
}

/** Open a microphone; an empty id takes the browser's choice. Raises DeviceError. */
export async function openMicrophone(deviceId: string): Promise<MediaStreamTrack> {
  const track = await userTrack("audio", MICROPHONE, deviceId);
  track.contentHint = "speech";
  return track;
}

/** Let the person choose a screen or window to show. Raises DeviceError. */
export async function openScreen(): Promise<MediaStreamTrack> {
  if (!navigator.mediaDevices?.getDisplayMedia) throw new DeviceError("screenUnsupported");
  try {
    const stream = await navigator.mediaDevices.getDisplayMedia({ video: SCREEN, audio: false });
    const track = stream.getVideoTracks()[0];
    if (!track) throw new DeviceError("screenDenied");
    track.contentHint = "detail";
    return track;
  } catch (problem) {
    if (problem instanceof DeviceError) throw problem;
    throw new DeviceError("screenDenied");
  }
}

export interface Devices {
  cameras: MediaDeviceInfo[];
  microphones: MediaDeviceInfo[];
}

export async function listDevices(): Promise<Devices> {
  const all = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  return {
    cameras: all.filter((each) => each.kind === "videoinput"),
    microphones: all.filter((each) => each.kind === "audioinput"),
  };
}

/** Whether camera or microphone may be opened without asking the person again. */
export async function isAllowed(): Promise<boolean> {
  const { cameras, microphones } = await listDevices();
  // Labels are only given to pages that already have the permission.
  return [...cameras, ...microphones].some((each) => each.label !== "");
}
