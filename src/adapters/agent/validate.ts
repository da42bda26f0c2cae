import type { AgentEvent } from '../../core/agent-protocol.ts';
import { ChpError } from '../../core/errors.ts';
import type { Frame } from '../../core/frames.ts';
import { HOST_READING_NAMES, type HostReadingName } from '../../core/host-readings.ts';

function isReading(value: unknown): boolean {
  const reading = Object(value) as Record<string, unknown>;
  const told = reading.state === 'ok' ? reading.value !== undefined : isString(reading.why);
  return HOST_READING_NAMES.includes(reading.name as HostReadingName) && told && isNumber(reading.ms);
}

const isString = (value: unknown): boolean => typeof value === 'string';
const isNumber = (value: unknown): boolean => Number.isFinite(value);
const isStrings = (value: unknown): boolean => Array.isArray(value) && value.every(isString);

/** What each event must carry, by name: a host's answer is not trusted to have its form. */
const FORMS: Record<AgentEvent['event'], Record<string, (value: unknown) => boolean>> = {
  need: { objects: isStrings, trees: isStrings },
  step: { step: isString, ms: isNumber },
  progress: { what: isString, done: isNumber, total: isNumber },
  check: {
    check: (value) => typeof value === 'object' && value !== null && isString((value as { title?: unknown }).title),
  },
  reading: { reading: isReading },
  'awaiting-confirm': { withinS: isNumber },
  log: { line: isString },
  result: {},
  error: {
    error: (value) => typeof value === 'object' && value !== null && isString((value as { message?: unknown }).message),
  },
};

/** @throws ChpError AGENT_FAILED when a frame is no event of the protocol */
export function assertEvent(frame: Frame): AgentEvent {
  if (frame.kind === 'json' && typeof frame.value === 'object' && frame.value !== null) {
    const event = frame.value as Record<string, unknown>;
    const name = event.event as AgentEvent['event'];
    const form = Object.hasOwn(FORMS, name) ? FORMS[name] : undefined;
    if (form && Object.entries(form).every(([key, holds]) => holds(event[key]))) return frame.value as AgentEvent;
  }
  throw new ChpError('AGENT_FAILED', 'the host agent answered with something that is not in the protocol', {
    next: ['chp tenant apply installs the agent that belongs to this chp.'],
  });
}
