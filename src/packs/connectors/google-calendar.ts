import { record } from '../types.ts';
import { CALENDAR_OPERATIONS } from './calendar-operations.ts';
import type { ConnectorTable } from './operation.ts';

export const googleCalendar: ConnectorTable = {
  name: 'google-calendar',
  summary: 'Google Calendar, API version 3.',
  secrets: {
    clientId: { name: 'GOOGLE_CLIENT_ID', description: 'OAuth client.' },
    clientSecret: { name: 'GOOGLE_CLIENT_SECRET', description: 'OAuth client’s secret.' },
    refreshToken: { name: 'GOOGLE_REFRESH_TOKEN', description: 'Refresh token with the calendar scope.' },
  },
  settings: record({}),
  operations: CALENDAR_OPERATIONS,
  events: {},
};
