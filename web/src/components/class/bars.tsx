/** How a poll stands, as a picture and in numbers. */
import { c } from "../../i18n/class";
import type { Poll } from "../../protocol/class-feed";
import { percents } from "../../state/class";
import { Icon } from "../icon";
import { UserText } from "../user-text";

export function PollBars({ poll, mine }: { poll: Poll; mine?: readonly number[] }) {
  const counts = poll.counts ?? [];
  const shares = percents(counts, poll.voters ?? 0);
  return (
    <div class="poll-bars" data-testid="poll-bars">
      <ul>
        {poll.options.map((option, index) => (
          <li key={option}>
            <span class="poll-option">
              <UserText>{option}</UserText>
              {mine?.includes(index) && (
                <span class="soft">
                  <Icon name="success" /> {c().yours}
                </span>
              )}
            </span>
            <span class="poll-number">{c().share(counts[index] ?? 0, shares[index] ?? 0)}</span>
            <span class="poll-bar" aria-hidden="true">
              <span style={{ width: `${shares[index] ?? 0}%` }} />
            </span>
          </li>
        ))}
      </ul>
      <p class="soft">{c().voters(poll.voters ?? 0)}</p>
    </div>
  );
}
