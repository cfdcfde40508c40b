/** Opens a lesson pack: reads what the file holds and shows it. */
import { render } from "preact";
import "../styles/base.css";
import "../styles/replay.css";
import "./pack.css";
import en from "../i18n/pack/en";
import ru from "../i18n/pack/ru";
import tg from "../i18n/pack/tg";
import { LANGUAGES } from "../protocol/types";
import type { PackFacts } from "./facts";
import { Pack } from "./pack";
import { Player } from "./player";

const told: PackFacts = JSON.parse(document.getElementById("facts")?.textContent ?? "");
const own = navigator.languages.map((each) => each.slice(0, 2).toLowerCase());
const language = LANGUAGES.find((each) => each === own.find((one) => /^(tg|ru|en)$/.test(one)));
const facts = { ...told, language: language ?? told.language };
const player = new Player(facts.lesson, facts.length);
const place = document.getElementById("pack");
if (place) render(<Pack facts={facts} player={player} messages={{ tg, ru, en }} />, place);
void player.load();
