import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { demoCalendar } from './calendar.ts';
import { readOut } from './read-out.ts';

export const DEMO_MODEL_ID = 'chp-demo';
const MAX_BODY = 8 * 1024 * 1024;

interface ChatRequest {
  model?: unknown;
  stream?: unknown;
  messages?: { role?: unknown; content?: unknown }[];
}

/**
 * A small model server that speaks OpenAI's chat completions (platform.openai.com/docs/api-reference/chat) and says
 * that it is a demo. It has no intelligence: it lets a tenant be tried without an API key and without a network.
 */
export function demoModel(): Server {
  return createServer((request, response) => {
    handle(request, response).catch(() => refuse(response, 500, 'the demo model failed'));
  });
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const path = url.pathname;
  const calendar = demoCalendar(request.method, url);
  if (calendar) return json(response, calendar.status, calendar.body);
  if (request.method === 'GET' && path === '/v1/models')
    return json(response, 200, { object: 'list', data: [{ id: DEMO_MODEL_ID, object: 'model', owned_by: 'chp' }] });
  if (path !== '/v1/chat/completions') return refuse(response, 404, `unknown path ${path}`);
  if (request.method !== 'POST') return refuse(response, 405, 'use POST');
  let body: ChatRequest;
  try {
    const text = await readBody(request);
    if (text === null) return refuse(response, 413, `the body is over ${MAX_BODY} bytes`);
    // A body of null, a number or a text lacks every field as an empty one does.
    body = { ...(JSON.parse(text) as ChatRequest) };
  } catch {
    return refuse(response, 400, 'the body is not JSON');
  }
  if (body.model !== DEMO_MODEL_ID)
    return refuse(response, 404, `the model ${JSON.stringify(body.model)} does not exist`, 'model_not_found');
  if (!Array.isArray(body.messages) || body.messages.length === 0)
    return refuse(response, 400, '"messages" must be a list with at least one message');
  const text = answerTo(lastUserText(body.messages));
  if (body.stream) stream(response, text);
  else
    json(response, 200, {
      ...envelope('chat.completion'),
      choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
      usage: usage(text),
    });
}

function answerTo(asked: string): string {
  const events = readOut(asked);
  if (events !== null) return `This is chp's offline demo model, not an AI. It reads out what it was given:\n${events}`;
  const echo = asked.replace(/\s+/g, ' ').trim().slice(-120);
  return `This is chp's offline demo model, not an AI: the path to the model works. You said: “${echo}”`;
}

function lastUserText(messages: NonNullable<ChatRequest['messages']>): string {
  const content = messages.findLast((message) => message.role === 'user')?.content;
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part: { text?: unknown }) => (typeof part.text === 'string' ? part.text : '')).join(' ');
}

function stream(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  const send = (choice: object, more: object = {}) =>
    response.write(
      `data: ${JSON.stringify({ ...envelope('chat.completion.chunk'), choices: [{ index: 0, ...choice }], ...more })}\n\n`,
    );
  send({ delta: { role: 'assistant', content: '' }, finish_reason: null });
  for (const word of text.split(/(?<= )/)) send({ delta: { content: word }, finish_reason: null });
  send({ delta: {}, finish_reason: 'stop' }, { usage: usage(text) });
  response.end('data: [DONE]\n\n');
}

const envelope = (object: string) => ({ id: 'chatcmpl-demo', object, created: 0, model: DEMO_MODEL_ID });

function usage(text: string): object {
  const tokens = Math.ceil(text.length / 4);
  return { prompt_tokens: 1, completion_tokens: tokens, total_tokens: tokens + 1 };
}

function refuse(response: ServerResponse, status: number, message: string, code: string | null = null): void {
  if (!response.headersSent)
    json(response, status, { error: { message, type: 'invalid_request_error', param: null, code } });
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

/** null when it is too large; it is read to its end all the same, so that the answer is heard. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size <= MAX_BODY) chunks.push(chunk);
  }
  return size > MAX_BODY ? null : Buffer.concat(chunks).toString('utf8');
}
