/** The library's requests, with the session every page shares. */
import { LibraryApi } from "../protocol/library";
import { api } from "./app";

export const library = new LibraryApi(api);
