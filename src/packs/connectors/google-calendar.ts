import { optional, text } from '../types.ts';
import { CALENDAR_OPERATIONS } from './calendar-operations.ts';
import { type ConnectorTable, settingsOf } from './operation.ts';

export const googleCalendar: ConnectorTable = {
  name: 'google-calendar',
  summary: 'Google Calendar, API version 3.',
  secrets: {
    clientId: { name: 'GOOGLE_CLIENT_ID', description: 'OAuth client.', unless: 'serviceAccount' },
    clientSecret: { name: 'GOOGLE_CLIENT_SECRET', description: 'OAuth client’s secret.', unless: 'serviceAccount' },
    refreshToken: {
      name: 'GOOGLE_REFRESH_TOKEN',
      description: 'Refresh token with the calendar scope.',
      unless: 'serviceAccount',
    },
    serviceAccount: {
      name: 'GOOGLE_SERVICE_ACCOUNT',
      description: 'Key file of a service account: the JSON itself.',
      optional: true,
    },
  },
  settings: settingsOf({
    subject: optional(text('Whom a service account with domain-wide delegation acts for.', 254)),
  }),
  operations: CALENDAR_OPERATIONS,
  events: {},
};
