import type ICAL from 'ical.js';
import { isoIn } from '../times.ts';
import { touched } from './events.ts';
import { msOf, tzidOf, utcTime, wallClock } from './ical-times.ts';

export interface Task {
  id: string;
  calendar: string;
  title: string;
  due: string | null;
  status: 'open' | 'done';
  notes: string | null;
}

export function taskOf(calendar: string, url: string, vtodo: ICAL.Component, zone: string): Task {
  const due = vtodo.getFirstPropertyValue('due') as ICAL.Time | null;
  const status = String(vtodo.getFirstPropertyValue('status') ?? '').toUpperCase();
  return {
    id: url,
    calendar,
    title: String(vtodo.getFirstPropertyValue('summary') ?? ''),
    due: due && (due.isDate ? wallClock(due) : isoIn(zone, msOf(due, tzidOf(vtodo, 'due'), zone))),
    status: status === 'COMPLETED' || status === 'CANCELLED' ? 'done' : 'open',
    notes: String(vtodo.getFirstPropertyValue('description') ?? '') || null,
  };
}

export function complete(vtodo: ICAL.Component): void {
  vtodo.updatePropertyWithValue('status', 'COMPLETED');
  vtodo.updatePropertyWithValue('percent-complete', 100);
  vtodo.updatePropertyWithValue('completed', utcTime(Date.now()));
  touched(vtodo);
}
