import { render } from "preact";
import { App } from "./app";
import { begin } from "./state/app";
import "./styles/base.css";

addEventListener("load", () => import("./offline/begin"));
const root = document.getElementById("app");
if (root) {
  void begin().then(() => render(<App />, root));
}
