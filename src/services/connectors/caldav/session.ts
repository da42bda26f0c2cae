import {
  createAccount,
  createCalendarObject,
  type DAVAccount,
  type DAVCalendar,
  type DAVCalendarObject,
  deleteCalendarObject,
  fetchCalendarObjects,
  fetchCalendars,
  getBasicAuthHeaders,
  updateCalendarObject,
} from 'tsdav';
import { failure, failureOf, noAnswer, request } from '../../../core/http.ts';
import { VerbFailure } from '../../../core/ports/automation.ts';

const SERVICE = 'The calendar server';
const TIMEOUT_MS = 30_000;
/** Calendars are looked for anew after this, and whenever one is not found. */
const CALENDARS_MS = 10 * 60_000;

const PROPS = {
  'd:displayname': {},
  'd:resourcetype': {},
  'c:calendar-timezone': {},
  'c:supported-calendar-component-set': {},
  'd:current-user-privilege-set': {},
};

export interface Stored {
  url: string;
  etag: string | undefined;
  /** iCalendar text. */
  data: string;
}

/** One account of a CalDAV server (RFC 4791), found from any address of it. */
export class DavSession {
  readonly #url: string;
  readonly #credentials: { username: string; password: string };
  readonly #headers: Record<string, string>;
  #account: DAVAccount | undefined;
  #calendars: { list: DAVCalendar[]; until: number } | undefined;

  constructor(url: string, username: string, password: string) {
    this.#url = url;
    this.#credentials = { username, password };
    this.#headers = getBasicAuthHeaders(this.#credentials) as Record<string, string>;
  }

  async calendars(signal: AbortSignal): Promise<DAVCalendar[]> {
    if (this.#calendars && Date.now() < this.#calendars.until) return this.#calendars.list;
    const list = await this.#run(signal, async (parts) => {
      this.#account ??= await createAccount({
        account: { serverUrl: this.#url, accountType: 'caldav', credentials: this.#credentials },
        ...parts,
      });
      const known = { account: this.#account, props: PROPS, projectedProps: { currentUserPrivilegeSet: true } };
      return fetchCalendars({ ...known, ...parts });
    });
    this.#calendars = { list, until: Date.now() + CALENDARS_MS };
    return list;
  }

  /** By address or name. @throws VerbFailure `not-found` */
  async calendar(wanted: string, signal: AbortSignal): Promise<DAVCalendar> {
    const look = async () =>
      (await this.calendars(signal)).find((calendar) => calendar.url === wanted || nameOf(calendar) === wanted);
    const found = await look();
    if (found) return found;
    this.#calendars = undefined;
    const later = await look();
    if (later) return later;
    throw failure('not-found', `there is no calendar “${wanted}”`);
  }

  async objects(
    calendar: DAVCalendar,
    component: 'VEVENT' | 'VTODO',
    range: { start: string; end: string } | null,
    signal: AbortSignal,
  ): Promise<Stored[]> {
    const time = range ? { 'time-range': { _attributes: range } } : {};
    const inner = { 'comp-filter': { _attributes: { name: component }, ...time } };
    const filters = [{ 'comp-filter': { _attributes: { name: 'VCALENDAR' }, ...inner } }];
    const found = await this.#run(signal, (parts) =>
      fetchCalendarObjects({ calendar, filters: filters as never, urlFilter: () => true, ...parts }),
    );
    return found.flatMap(storedOf);
  }

  /** null: it is not there, or in no place of this calendar: the password goes nowhere else. */
  async object(calendar: DAVCalendar, url: string, signal: AbortSignal): Promise<Stored | null> {
    const inside = URL.canParse(url) && new URL(url).href.startsWith(calendar.url.replace(/\/?$/, '/'));
    if (!inside) return null;
    const call = { service: SERVICE, headers: { ...this.#headers, accept: 'text/calendar' }, signal };
    const answer = await request(url, call);
    if (answer.status === 404 || answer.status === 410) return null;
    if (answer.status !== 200) throw failureOf(call, answer, '');
    return { url, etag: answer.headers.get('etag') ?? undefined, data: answer.text };
  }

  /** false: there is one of that name already. */
  async create(calendar: DAVCalendar, filename: string, data: string, signal: AbortSignal): Promise<boolean> {
    const put = { calendar, filename, iCalString: data };
    const response = await this.#run(signal, (parts) => createCalendarObject({ ...put, ...parts }));
    return written(response);
  }

  /** false: it changed since it was read. */
  async update(stored: Stored, data: string, signal: AbortSignal): Promise<boolean> {
    const calendarObject = { ...stored, data } as DAVCalendarObject;
    return written(await this.#run(signal, (parts) => updateCalendarObject({ calendarObject, ...parts })));
  }

  /** false: it changed since it was read. */
  async remove(stored: Stored, signal: AbortSignal): Promise<boolean> {
    const calendarObject = stored as DAVCalendarObject;
    const response = await this.#run(signal, (parts) => deleteCalendarObject({ calendarObject, ...parts }));
    return response.status === 404 || written(response);
  }

  /** The library takes refusals of a query for an empty answer, so they are failures before it sees them. */
  async #run<T>(
    signal: AbortSignal,
    work: (parts: { headers: Record<string, string>; fetch: typeof fetch }) => Promise<T>,
  ) {
    // What the library throws itself hides why: the first real failure is what counts.
    let first: VerbFailure | undefined;
    const guarded: typeof fetch = async (url, init) => {
      try {
        const deadline = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
        const response = await fetch(url, { ...init, signal: deadline });
        const { status } = response;
        const query = init?.method === 'REPORT' || init?.method === 'PROPFIND';
        if (status === 401 || status === 403 || status === 429 || (query && status >= 400 && status !== 404))
          throw failureOf({ service: SERVICE }, response, '');
        return response;
      } catch (error) {
        const fault = noAnswer({ service: SERVICE }, error, signal.aborted);
        first ??= fault;
        throw fault;
      }
    };
    try {
      return await work({ headers: this.#headers, fetch: guarded });
    } catch (error) {
      if (error instanceof VerbFailure) throw error;
      throw first ?? failure('unavailable', `${SERVICE} is none, or not at this address: ${String(error)}`);
    }
  }
}

export const nameOf = ({ displayName, url }: DAVCalendar): string =>
  // A name of digits comes as a number.
  typeof displayName === 'object' || displayName === undefined || displayName === '' ? url : String(displayName);

/** Servers that say nothing of rights are believed to allow it; they refuse when they do not. */
export function isWritable({ projectedProps }: DAVCalendar): boolean {
  const { privilege } = (projectedProps?.currentUserPrivilegeSet ?? {}) as { privilege?: object | object[] };
  if (privilege === undefined) return true;
  return [privilege].flat().some((right) => ['write', 'writeContent', 'all'].some((name) => name in right));
}

function storedOf({ url, etag, data }: DAVCalendarObject): Stored[] {
  return typeof data === 'string' ? [{ url, etag, data }] : [];
}

function written(response: Response): boolean {
  if (response.status === 412 || response.status === 409) return false;
  if (response.ok) return true;
  throw failureOf({ service: SERVICE }, response, '');
}
