import { describe } from 'vitest';
import { CALENDARS, caldavSuite } from '../../support/caldav-suite.ts';
import { startRadicale } from '../../support/radicale.ts';

describe('CalDAV on a real server', () => caldavSuite(() => startRadicale({ calendars: CALENDARS })));
