import { Type } from 'typebox';
import { instant, oneOf, optional, record, text } from '../types.ts';
import { CALENDAR_OPERATIONS } from './calendar-operations.ts';
import { type ConnectorTable, settingsOf } from './operation.ts';

const calendar = text('List, as `list-calendars` names it.', 300);
const TaskSchema = record({
  id: Type.String(),
  calendar: Type.String(),
  title: Type.String(),
  due: Type.Union([instant('When it is due.'), Type.Null()]),
  status: oneOf(['open', 'done']),
  notes: Type.Union([Type.String(), Type.Null()]),
});

export const caldav: ConnectorTable = {
  name: 'caldav',
  summary: 'Any CalDAV server (Nextcloud, iCloud, Fastmail, Radicale): calendars and task lists.',
  secrets: {
    username: { name: 'CALDAV_USERNAME', description: 'Account.' },
    password: { name: 'CALDAV_PASSWORD', description: 'Password of the account, best one of this app only.' },
  },
  settings: settingsOf({}),
  operations: {
    ...CALENDAR_OPERATIONS,
    'list-tasks': {
      summary: 'Tasks of a list.',
      args: record({
        calendar,
        status: optional(oneOf(['open', 'done', 'all'], { default: 'open', description: 'Which.' })),
      }),
      result: record({ tasks: Type.Array(TaskSchema) }),
      risk: 'low',
      effect: 'none',
    },
    'create-task': {
      summary: 'Adds a task.',
      args: record({
        calendar,
        title: text('What is to be done.', 300),
        due: optional(instant('When it is due.')),
        notes: optional(text('Notes.', 8000)),
      }),
      result: TaskSchema,
      risk: 'medium',
      effect: 'write',
    },
    'complete-task': {
      summary: 'Marks a task as done.',
      args: record({ calendar, task: text('Task, as `list-tasks` names it.', 1024) }),
      result: TaskSchema,
      risk: 'medium',
      effect: 'write',
    },
  },
  events: {},
};
