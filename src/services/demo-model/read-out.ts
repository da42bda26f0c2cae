interface Event {
  title: string;
  start: string;
  end: string;
  allDay?: boolean;
}

/**
 * Reads out the events that a question carries as data (a JSON block with `events` and `timezone`), by time and with
 * what clashes: what can be done without an AI.
 * @returns null when the question carries none
 */
export function readOut(question: string): string | null {
  const data = dataOf(question);
  if (data === null || !Array.isArray(data.events) || !data.events.every(isEvent)) return null;
  if (data.events.length === 0) return 'Nothing is planned today.';
  const time = clock(data.timezone);
  if (time === null) return null;
  const events = [...data.events].sort((a, b) => Date.parse(a.start) - Date.parse(b.start));
  return events
    .map((event, index) => {
      const clash = events.slice(0, index).find((other) => Date.parse(other.end) > Date.parse(event.start));
      const at = event.allDay ? 'All day' : time(event.start);
      return `${at} ${event.title}${clash && !event.allDay ? `: clashes with ${clash.title}` : ''}`;
    })
    .join('\n');
}

function dataOf(question: string): { events?: unknown; timezone?: unknown } | null {
  const block = [...question.matchAll(/```json\n(.*?)\n```/gs)].at(-1)?.[1];
  try {
    const data: unknown = JSON.parse(block ?? 'null');
    return typeof data === 'object' ? data : null;
  } catch {
    return null;
  }
}

const isEvent = (event: unknown): event is Event => {
  const { title, start, end } = { ...(event as Partial<Event>) };
  return typeof title === 'string' && [start, end].every((at) => !Number.isNaN(Date.parse(String(at))));
};

/** null where there is no such zone. */
function clock(timezone: unknown): ((at: string) => string) | null {
  try {
    const format = new Intl.DateTimeFormat('en-GB', {
      hour: '2-digit',
      minute: '2-digit',
      timeZone: String(timezone ?? 'UTC'),
    });
    return (at) => format.format(new Date(at));
  } catch {
    return null;
  }
}
