import { createHmac } from 'node:crypto';
import { XMLParser, XMLValidator } from 'fast-xml-parser';

/** What happens when a number is called. */
export type Callee =
  | { does: 'answer'; says?: (string | null)[]; hangsUpAfter?: number }
  | { does: 'machine' }
  | { does: 'no-answer' | 'busy' | 'failed' };

export interface RunningCall {
  sid: string;
  to: string;
  from: string;
  status: string;
  answered_by: string | null;
  duration: string | null;
  date_created: string;
  /** What was spoken to the callee, with `>` before what the callee said. */
  heard: string[];
  /** Twilio's error codes, as its debugger shows them. */
  errors: number[];
}

export type Post = (url: string, form: Record<string, string>) => Promise<{ status: number; body: string }>;

type Node = Record<string, unknown>;
const xml = new XMLParser({ ignoreAttributes: false, preserveOrder: true, attributeNamePrefix: '', trimValues: true });
const VERBS = ['Say', 'Gather', 'Hangup', 'Pause', 'Redirect', 'Reject'];

/** X-Twilio-Signature: the address, then each field and value in the order of the names (twilio.com/docs/usage/security). */
export function signatureOf(authToken: string, url: string, form: Record<string, string>): string {
  const fields = Object.keys(form).sort();
  const text = url + fields.map((name) => name + form[name]).join('');
  return createHmac('sha1', authToken).update(text).digest('base64');
}

/** Runs the TwiML of a call that was taken, until it ends. */
export async function converse(call: RunningCall, callee: Callee, first: { url?: string; twiml?: string }, post: Post) {
  const answers = callee.does === 'answer' ? [...(callee.says ?? [])] : [];
  let left = callee.does === 'answer' ? (callee.hangsUpAfter ?? Infinity) : Infinity;
  let document = first.twiml;
  let url = first.url;
  let form: Record<string, string> = {};
  for (let documents = 0; documents < 50; documents++) {
    if (document === undefined) {
      const answer = await post(url ?? '', { ...base(call), ...form });
      if (answer.status !== 200) return void call.errors.push(11200);
      document = answer.body;
    }
    const verbs = verbsOf(document);
    if (verbs === null) return void call.errors.push(12100);
    document = undefined;
    const next = run(verbs);
    if (next === null) return;
    ({ url, form } = next);
  }

  function run(verbs: Node[]): { url: string; form: Record<string, string> } | null {
    for (const node of verbs) {
      const name = Object.keys(node).find((key) => key !== ':@') ?? '';
      const attributes = (node[':@'] ?? {}) as Record<string, string>;
      const inner = node[name] as Node[];
      if (!VERBS.includes(name)) {
        call.errors.push(12200);
        return null;
      }
      if (name === 'Say') call.heard.push(textOf(inner));
      if (name === 'Redirect') return { url: textOf(inner), form: {} };
      if (name === 'Hangup' || name === 'Reject') return null;
      if (name !== 'Gather') continue;
      for (const said of inner) if ('Say' in said) call.heard.push(textOf(said.Say as Node[]));
      if (left-- <= 0) return null;
      const speech = answers.shift() ?? null;
      if (speech !== null) call.heard.push(`> ${speech}`);
      if (speech !== null && attributes.input?.includes('speech'))
        return { url: attributes.action ?? '', form: { SpeechResult: speech, Confidence: '0.9' } };
      if (attributes.actionOnEmptyResult === 'true') return { url: attributes.action ?? '', form: {} };
    }
    return null;
  }
}

export const base = (call: RunningCall): Record<string, string> => ({
  CallSid: call.sid,
  CallStatus: call.status,
  To: call.to,
  From: call.from,
  Direction: 'outbound-api',
  ApiVersion: '2010-04-01',
  ...(call.answered_by === null ? {} : { AnsweredBy: call.answered_by }),
});

function verbsOf(text: string): Node[] | null {
  if (XMLValidator.validate(text) !== true) return null;
  const response = (xml.parse(text) as Node[]).find((node) => 'Response' in node);
  return response ? (response.Response as Node[]) : null;
}

const textOf = (nodes: Node[]): string => nodes.map((node) => String(node['#text'] ?? '')).join('');
