import { createHash } from 'node:crypto';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import ICAL from 'ical.js';
import { type Answer, type Asked, basicOf, type Fake, serve } from './server.ts';

export interface CaldavOptions {
  port?: number;
  host?: string;
  username?: string;
  password?: string;
  calendars?: {
    name: string;
    displayName: string;
    components?: string[];
    readOnly?: boolean;
    objects?: Record<string, string>;
  }[];
}

export interface FakeCaldav extends Fake {
  /** Objects of a calendar by file name. */
  objects(calendar: string): Map<string, string>;
}

interface Calendar {
  displayName: string;
  components: string[];
  readOnly: boolean;
  objects: Map<string, string>;
}
type Element = Record<string, unknown>;

const HOME = '/dav/calendars/ana/';
const PRINCIPAL = '/dav/principals/ana/';
const UTC = /^\d{8}T\d{6}Z$/;
const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '@', removeNSPrefix: true });
const etagOf = (data: string) => `"${createHash('sha1').update(data).digest('hex').slice(0, 12)}"`;
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** A CalDAV server (RFC 4791): discovery, PROPFIND, calendar-query and -multiget, conditional PUT and DELETE. */
export async function startCaldav(options: CaldavOptions = {}): Promise<FakeCaldav> {
  const { username = 'ana', password = 'dav-password-1' } = options;
  const calendars = new Map<string, Calendar>();
  for (const { name, displayName, components = ['VEVENT'], readOnly = false, objects = {} } of options.calendars ?? [])
    calendars.set(name, { displayName, components, readOnly, objects: new Map(Object.entries(objects)) });

  const fake = await serve((asked) => {
    if (asked.path === '/.well-known/caldav') return { status: 301, headers: { location: '/dav/' } };
    const who = basicOf(asked);
    if (who?.user !== username || who.password !== password)
      return { status: 401, headers: { 'www-authenticate': 'Basic realm="dav"' }, body: 'Unauthorized' };
    if (asked.method === 'PROPFIND' || asked.method === 'REPORT') return query(asked);
    const [calendar, file] = place(asked.path);
    if (!calendar || !file) return { status: 404, body: 'Not Found' };
    if (asked.method === 'GET') {
      const data = calendar.objects.get(file);
      if (data === undefined) return { status: 404, body: 'Not Found' };
      return {
        status: 200,
        headers: { etag: etagOf(data), 'content-type': 'text/calendar; charset=utf-8' },
        body: data,
      };
    }
    if (asked.method === 'PUT') return put(calendar, file, asked);
    if (asked.method === 'DELETE') return remove(calendar, file, asked);
    return { status: 405, headers: { allow: 'GET, PROPFIND, REPORT, PUT, DELETE' } };
  }, options);

  function query(asked: Asked): Answer {
    if (XMLValidator.validate(asked.body) !== true) return { status: 400, body: 'Bad Request' };
    const [name = '', body] = Object.entries(parser.parse(asked.body) as Element).find(([key]) => key !== '?xml') ?? [];
    const props = Object.keys(((body as Element)?.prop as Element) ?? {}).filter((key) => !key.startsWith('@'));
    if (asked.method === 'PROPFIND') return name === 'propfind' ? propfind(asked, props) : { status: 400 };
    const [calendar] = place(asked.path);
    if (!calendar) return { status: 404, body: 'Not Found' };
    if (name === 'calendar-multiget') return multiget(asked.path, calendar, body as Element, props);
    if (name === 'calendar-query') return calendarQuery(asked, calendar, body as Element, props);
    return dav('supported-report', 403);
  }

  function propfind(asked: Asked, props: string[]): Answer {
    const path = asked.path.replace(/\/?$/, '/');
    if (path === '/dav/' || path === '/')
      return multistatus(response(path, props, { 'current-user-principal': href(PRINCIPAL) }));
    if (path === PRINCIPAL) return multistatus(response(path, props, { 'calendar-home-set': href(HOME) }));
    const [one, file] = place(path.slice(0, -1));
    if (path === HOME) {
      const children = asked.headers.depth === '1' ? [...calendars.keys()] : [];
      return multistatus(
        response(HOME, props, { resourcetype: '<d:collection/>' }),
        ...children.map((name) => response(`${HOME}${name}/`, props, about(calendars.get(name) as Calendar))),
      );
    }
    if (!one || file) return { status: 404, body: 'Not Found' };
    return multistatus(response(path, props, about(one)));
  }

  function calendarQuery(asked: Asked, calendar: Calendar, body: Element, props: string[]): Answer {
    if (asked.headers.depth !== '1') return multistatus();
    const outer = (body.filter as Element)?.['comp-filter'] as Element | undefined;
    const inner = outer?.['comp-filter'] as Element | undefined;
    if (outer?.['@name'] !== 'VCALENDAR' || !inner) return dav('valid-filter', 403);
    const range = inner['time-range'] as Element | undefined;
    const [start, end] = [range?.['@start'], range?.['@end']].map((time) => String(time ?? ''));
    if (range && (!UTC.test(start ?? '') || !UTC.test(end ?? ''))) return dav('valid-filter', 403);
    const found = [...calendar.objects].filter(([, data]) =>
      matches(data, String(inner['@name']), range && { start, end }),
    );
    return multistatus(...found.map(([file, data]) => object(asked.path, file, data, props)));
  }

  function multiget(path: string, calendar: Calendar, body: Element, props: string[]): Answer {
    const hrefs = [body.href ?? []].flat() as string[];
    return multistatus(
      ...hrefs.map((wanted) => {
        const file = decodeURIComponent(wanted.split('/').at(-1) ?? '');
        const data = calendar.objects.get(file);
        return data === undefined
          ? `<d:response><d:href>${wanted}</d:href><d:status>HTTP/1.1 404 Not Found</d:status></d:response>`
          : object(path, file, data, props);
      }),
    );
  }

  function put(calendar: Calendar, file: string, asked: Asked): Answer {
    if (calendar.readOnly) return dav('need-privileges', 403);
    const old = calendar.objects.get(file);
    if (asked.headers['if-none-match'] === '*' && old !== undefined) return { status: 412 };
    const wanted = asked.headers['if-match'];
    if (wanted !== undefined && (old === undefined || wanted !== etagOf(old))) return { status: 412 };
    if (!asked.headers['content-type']?.startsWith('text/calendar')) return dav('supported-calendar-data', 415);
    const uid = uidOf(asked.body);
    if (uid === null) return dav('valid-calendar-data', 403);
    const clash = [...calendar.objects].some(([other, data]) => other !== file && uidOf(data) === uid);
    if (clash) return dav('no-uid-conflict', 403);
    calendar.objects.set(file, asked.body);
    return { status: old === undefined ? 201 : 204, headers: { etag: etagOf(asked.body) } };
  }

  function remove(calendar: Calendar, file: string, asked: Asked): Answer {
    if (calendar.readOnly) return dav('need-privileges', 403);
    const old = calendar.objects.get(file);
    if (old === undefined) return { status: 404 };
    const wanted = asked.headers['if-match'];
    if (wanted !== undefined && wanted !== etagOf(old)) return { status: 412 };
    calendar.objects.delete(file);
    return { status: 204 };
  }

  function place(path: string): [Calendar | undefined, string | undefined] {
    const [name = '', file] = path.startsWith(HOME) ? path.slice(HOME.length).split('/') : [];
    return [calendars.get(decodeURIComponent(name)), file ? decodeURIComponent(file) : undefined];
  }

  return { ...fake, objects: (name) => calendars.get(name)?.objects ?? new Map() };
}

function about({ displayName, components, readOnly }: Calendar): Record<string, string> {
  return {
    displayname: escaped(displayName),
    resourcetype: '<d:collection/><c:calendar/>',
    'supported-calendar-component-set': components.map((name) => `<c:comp name="${name}"/>`).join(''),
    'current-user-privilege-set': ['read', ...(readOnly ? [] : ['write'])]
      .map((right) => `<d:privilege><d:${right}/></d:privilege>`)
      .join(''),
    'supported-report-set': ['calendar-query', 'calendar-multiget']
      .map((name) => `<d:supported-report><d:report><c:${name}/></d:report></d:supported-report>`)
      .join(''),
  };
}

/** Exactly one UID, and no METHOD: else it may not be stored (RFC 4791, 4.1). */
function uidOf(data: string): string | null {
  try {
    const calendar = ICAL.Component.fromString(data);
    const parts = calendar.getAllSubcomponents().filter(({ name }) => name !== 'vtimezone');
    const uids = new Set(parts.map((part) => part.getFirstPropertyValue('uid')));
    const [uid] = uids;
    if (calendar.name !== 'vcalendar' || calendar.hasProperty('method') || uids.size !== 1 || !uid) return null;
    return parts.some((part) => part.name === 'vevent' && !part.hasProperty('dtstart')) ? null : String(uid);
  } catch {
    return null;
  }
}

/** Repeating ones may come too often here: a server may say them, the client looks itself. */
function matches(
  data: string,
  component: string,
  range: { start: string | undefined; end: string | undefined } | undefined,
): boolean {
  const parts = ICAL.Component.fromString(data).getAllSubcomponents(component.toLowerCase());
  if (!range) return parts.length > 0;
  const ms = (time: string) => Date.parse(time.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  return parts.some((part) => {
    const event = new ICAL.Event(part);
    const [begin, end] = [event.startDate, event.endDate].map((time) => time.toUnixTime() * 1000);
    if ((begin ?? 0) >= ms(range.end ?? '')) return false;
    return event.isRecurring() || (end ?? 0) > ms(range.start ?? '');
  });
}

const href = (path: string) => `<d:href>${path}</d:href>`;

function object(path: string, file: string, data: string, props: string[]): string {
  const known = { getetag: escaped(etagOf(data)), 'calendar-data': escaped(data) };
  return response(`${path.replace(/\/?$/, '/')}${encodeURIComponent(file)}`, props, known);
}

function response(path: string, props: string[], known: Record<string, string>): string {
  const prefix = (name: string) => (/^calendar-|^supported-calendar/.test(name) ? 'c' : 'd');
  const tag = (name: string, inner: string) => `<${prefix(name)}:${name}>${inner}</${prefix(name)}:${name}>`;
  const part = (status: string, names: string[]) =>
    names.length === 0
      ? ''
      : `<d:propstat><d:prop>${names.map((name) => tag(name, known[name] ?? '')).join('')}</d:prop><d:status>HTTP/1.1 ${status}</d:status></d:propstat>`;
  const there = props.filter((name) => Object.hasOwn(known, name));
  const missing = props.filter((name) => !Object.hasOwn(known, name));
  return `<d:response><d:href>${path}</d:href>${part('200 OK', there)}${part('404 Not Found', missing)}</d:response>`;
}

function multistatus(...responses: string[]): Answer {
  return {
    status: 207,
    headers: { 'content-type': 'application/xml; charset=utf-8' },
    body: `<?xml version="1.0" encoding="utf-8"?>\n<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">${responses.join('')}</d:multistatus>`,
  };
}

function dav(condition: string, status: number): Answer {
  return {
    status,
    headers: { 'content-type': 'application/xml; charset=utf-8' },
    body: `<?xml version="1.0"?><d:error xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><c:${condition}/></d:error>`,
  };
}
