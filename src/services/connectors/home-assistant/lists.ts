import { isDate } from '../times.ts';

/** An item of a to-do list as `todo.get_items` gives it. */
interface RawItem {
  uid?: string;
  summary?: string;
  status?: string;
  due?: string;
}

const STATUSES = { open: ['needs_action'], done: ['completed'], all: ['needs_action', 'completed'] } as const;

export const itemsQuery = (status: keyof typeof STATUSES) => ({ status: STATUSES[status] });

export function itemsOf(response: unknown, list: string) {
  const { items = [] } = (response as Record<string, { items?: RawItem[] }>)?.[list] ?? {};
  return items.map(({ uid, summary = '', status, due }) => ({
    id: uid ?? summary,
    title: summary,
    done: status === 'completed',
    due: due ?? null,
  }));
}

export const newItem = (title: string, due: string | undefined) => ({
  item: title,
  ...(due === undefined ? {} : isDate(due) ? { due_date: due } : { due_datetime: due }),
});
