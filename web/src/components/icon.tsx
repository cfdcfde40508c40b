/** Inline icons, drawn on a 24 × 24 grid with strokes; always beside words or a label. */
const PATHS = {
  play: "M8 5.5v13l10.5-6.5z",
  camera: "M3 7.5h11v9H3zM14 11l6-3.5v9L14 13",
  cameraOff: "M3 7.5h8m3 3v-.5l6-3v9l-3-1.6M14 15v1.5H3v-9M3 3l18 18",
  microphone:
    "M12 3.5a2.8 2.8 0 0 1 2.8 2.8v5a2.8 2.8 0 0 1-5.6 0v-5A2.8 2.8 0 0 1 12 3.5zM6 11a6 6 0 0 0 12 0M12 17v3.5",
  microphoneOff:
    "M9.2 9.5V11.3a2.8 2.8 0 0 0 4.6 2.1M14.8 10.5V6.3a2.8 2.8 0 0 0-5.4-1M6 11a6 6 0 0 0 9.5 4.9M18 11a6 6 0 0 1-.5 2.4M12 17v3.5M3 3l18 18",
  screen: "M3 5h18v11H3zM9 20h6M12 16v4",
  screenOff: "M3 5h18v11H3zM9 20h6M12 16v4M9 8l6 5M15 8l-6 5",
  sound: "M4 9.5v5h3.5L12 18V6L7.5 9.5zM15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11",
  soundOff: "M4 9.5v5h3.5L12 18V6L7.5 9.5zM16 9.5l5 5M21 9.5l-5 5",
  fullscreen: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  exitFullscreen: "M9 4v5H4M15 4v5h5M9 20v-5H4M15 20v-5h5",
  pip: "M3 5h18v14H3zM12 12h6.5v4.5H12z",
  leave: "M10 4H5v16h5M14 8l4 4-4 4M18 12H9",
  good: "M4 17h2.5v3H4zM9 13h2.5v7H9zM14 9h2.5v11H14zM19 5h1.5v15H19z",
  slow: "M4 17h2.5v3H4zM9 13h2.5v7H9zM14 18.5h2.5M19 18.5h1.5",
  bad: "M4 17h2.5v3H4zM9 18.5h2.5M14 18.5h2.5M19 18.5h1.5",
  offline:
    "M5 12a10 10 0 0 1 4-2.6M19 12a10 10 0 0 0-5.5-3M8.5 15.5a5 5 0 0 1 6 0M12 19h.01M3 3l18 18",
  reconnecting: "M5 12a7 7 0 0 1 12-5l2 2M19 5v4h-4M19 12a7 7 0 0 1-12 5l-2-2M5 19v-4h4",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5M12 7.8h.01",
  warning: "M12 4L2.8 19.5h18.4zM12 10v4.5M12 17h.01",
  error: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9 9l6 6M15 9l-6 6",
  success: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8 12.2l2.8 2.8L16 9.5",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  qr: "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2.5v2.5H14zM18 18h2M14 20h2M20 14v1",
  people:
    "M9 11a3.2 3.2 0 1 0 0-6.4A3.2 3.2 0 0 0 9 11zM3 19.5a6 6 0 0 1 12 0M16 5a3 3 0 0 1 0 5.8M17.5 14.5a5.5 5.5 0 0 1 3.5 5",
  person: "M12 11.5a3.8 3.8 0 1 0 0-7.6 3.8 3.8 0 0 0 0 7.6zM4.5 20a7.5 7.5 0 0 1 15 0",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5.2l3.5 2",
  lesson:
    "M4 6.5A8.5 8.5 0 0 1 12 8a8.5 8.5 0 0 1 8-1.5v12A8.5 8.5 0 0 0 12 20a8.5 8.5 0 0 0-8-1.5zM12 8v12",
  plus: "M12 5v14M5 12h14",
  chevron: "M9 6l6 6-6 6",
  back: "M15 6l-6 6 6 6",
  pause: "M7 5.5h3.5v13H7zM13.5 5.5H17v13h-3.5z",
  backward: "M11.5 6.5L5 12l6.5 5.5zM19 6.5L12.5 12l6.5 5.5z",
  forward: "M12.5 6.5L19 12l-6.5 5.5zM5 6.5l6.5 5.5L5 17.5z",
  share:
    "M8.2 13.2l7.6 4.1M15.8 6.7l-7.6 4.1M18 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM6 14.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM18 21a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
  settings:
    "M4 7h9M17 7h3M15 9.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4zM4 17h3M11 17h9M9 19.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z",
  stop: "M6.5 6.5h11v11h-11z",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
  eyeOff:
    "M4 4l16 16M9.5 5.9A9 9 0 0 1 12 5.5c6 0 9.5 6.5 9.5 6.5a16 16 0 0 1-3 3.7M6 7.5A16 16 0 0 0 2.5 12S6 18.5 12 18.5a9 9 0 0 0 4-.9M9.9 9.9a3 3 0 0 0 4.2 4.2",
  chart: "M4 20V10M10 20V4M16 20v-8M21 20H3",
  keyboard: "M2.5 6.5h19v11h-19zM6 10h.01M9 10h.01M12 10h.01M15 10h.01M18 10h.01M8 14h8",
  question: "M4 5h16v11h-9l-5 4v-4H4zM10 9a2 2 0 1 1 2.6 1.9c-.4.2-.6.5-.6 1M12 13.6h.01",
  hand: "M8 12V6.2a1.4 1.4 0 0 1 2.8 0V11M10.8 10.5V4.6a1.4 1.4 0 0 1 2.8 0v5.9M13.6 10.5V6a1.4 1.4 0 0 1 2.8 0v6.5M16.4 9.4a1.4 1.4 0 0 1 2.8 0v5.1a6 6 0 0 1-6 6h-.8a6 6 0 0 1-5-2.7l-3-4.6a1.4 1.4 0 0 1 2.2-1.7L8 13",
  vote: "M12 19V5.5M6 11.5l6-6 6 6",
  star: "M12 4l2.4 5 5.6.8-4 3.9.9 5.5-4.9-2.6-4.9 2.6.9-5.5-4-3.9 5.6-.8z",
  captions: "M3 5.5h18v13H3zM6 11h4.5M13.5 11H18M6 14.5h2.5M11.5 14.5H18",
  download: "M12 4v10.5M7.5 10.5L12 15l4.5-4.5M4.5 19.5h15",
  swap: "M7.5 4.5L4 8l3.5 3.5M4 8h13M16.5 12.5L20 16l-3.5 3.5M20 16H7",
  undo: "M8.5 5L4.5 9l4 4M4.5 9H14a5 5 0 0 1 0 10h-3",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5L20 20",
  edit: "M4.5 19.5l1-4L16 5l3 3L8.5 18.5zM14 7l3 3",
  merge: "M6 4v5a4 4 0 0 0 4 4h8M14.5 9.5L18 13l-3.5 3.5M6 20v-5",
  link: "M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-5.7-5.7l-1 1M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 5.7 5.7l1-1",
} as const;

export type IconName = keyof typeof PATHS;

const FILLED: ReadonlySet<IconName> = new Set(["play", "pause", "backward", "forward", "stop"]);

export function Icon({ name, large = false }: { name: IconName; large?: boolean }) {
  const filled = FILLED.has(name);
  return (
    <svg
      class={large ? "icon icon-large" : "icon"}
      viewBox="0 0 24 24"
      aria-hidden="true"
      fill={filled ? "currentColor" : "none"}
      stroke="currentColor"
      stroke-width="1.8"
      stroke-linecap="round"
      stroke-linejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
