/** People in a sentence; apart from the cards, which a lesson's page does not need. */
export function names(people: readonly { name: string }[]): string {
  return people.map((each) => each.name).join(", ");
}
