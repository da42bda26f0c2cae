import VoiceResponse from 'twilio/lib/twiml/VoiceResponse.js';

/** How it is spoken. */
export interface Speech {
  language: string;
  voice: string | undefined;
}

/** Silence after which an answer counts as none. */
const LISTEN_SECONDS = 6;

type Said = (string | undefined)[];

/** Says something and hangs up. */
export function farewell(said: Said, speech: Speech): string {
  const response = new VoiceResponse();
  for (const text of said) say(response, text, speech);
  response.hangup();
  return response.toString();
}

/** Says something and listens; what was heard goes to `action`, also when it was nothing. */
export function ask(said: Said, action: string, speech: Speech): string {
  const response = new VoiceResponse();
  const gather = response.gather({
    input: ['speech'],
    action,
    method: 'POST',
    language: speech.language as never,
    speechTimeout: 'auto',
    timeout: LISTEN_SECONDS,
    actionOnEmptyResult: true,
  });
  for (const text of said) say(gather, text, speech);
  return response.toString();
}

export const nothing = (): string => new VoiceResponse().toString();

function say(into: { say: VoiceResponse['say'] }, text: string | undefined, { language, voice }: Speech): void {
  if (!text) return;
  const attributes = { language: language as never, ...(voice === undefined ? {} : { voice: voice as never }) };
  into.say(attributes, legal(text));
}

/** XML can't hold control characters at all, and what an agent writes may have some. */
function legal(text: string): string {
  return text.replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, ' ');
}
