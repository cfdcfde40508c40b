import { Page } from "../components/shell";

export default function Gallery() {
  return <Page title="Gallery">{null}</Page>;
}
