/** The timetable's requests, with the session every page shares. */
import { TimetableApi } from "../protocol/timetable";
import { api } from "./app";

export const timetable = new TimetableApi(api);
