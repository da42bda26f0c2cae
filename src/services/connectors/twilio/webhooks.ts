import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { validateRequest } from 'twilio/lib/webhooks/webhooks.js';
import type { CallBook } from './call-book.ts';
import type { Conversation } from './conversation.ts';
import { nothing } from './twiml.ts';

const MAX_BYTES = 64 * 1024;
/** `/voice/<call>` when it is taken, `/voice/<call>/<turn>` when something was heard, `/status/<call>`, `/sms`. */
const PATH = /\/(?:(voice|status)\/([\w-]{22})(?:\/(\d{1,3}))?|sms)$/;

export interface WebhookParts {
  publicUrl: string;
  authToken: string;
  book: CallBook;
  conversation: Conversation;
  /** A call changed its state. */
  changed: (id: string) => void;
  /** A text message came in. */
  received: (message: { id: string; from: string; text: string }) => void;
  warn: (message: string) => void;
}

export interface Webhooks {
  /** false: the port is taken. */
  listening: Promise<boolean>;
  close(): Promise<void>;
}

/**
 * What Twilio calls, on loopback behind `publicUrl` (a tunnel or a reverse proxy, which may keep or cut its path). Only
 * requests with Twilio's signature for exactly that address and body are heard.
 */
export function webhooks(parts: WebhookParts, port: number): Webhooks {
  const server = createServer((request, response) => {
    answer(parts, request, response).catch((error: unknown) => {
      parts.warn(`a webhook of Twilio failed: ${String(error)}`);
      end(response, 500);
    });
  });
  server.requestTimeout = 10_000;
  const listening = new Promise<boolean>((resolve) => {
    server.once('listening', () => resolve(true));
    server.on('error', (error) => {
      parts.warn(`no webhooks of Twilio: ${error.message}`);
      resolve(false);
    });
  });
  server.listen(port, '127.0.0.1');
  return {
    listening,
    async close() {
      if (!(await listening)) return;
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
    },
  };
}

async function answer(parts: WebhookParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  const match = PATH.exec(path);
  if (!match || request.method !== 'POST') return end(response, 404);
  const body = await read(request);
  if (body === null) return end(response, 413);
  const form = Object.fromEntries(new URLSearchParams(body));
  const signature = request.headers['x-twilio-signature'];
  if (typeof signature !== 'string' || !validateRequest(parts.authToken, signature, parts.publicUrl + match[0], form))
    return end(response, 403);
  const [, kind, id = '', turn] = match;
  if (kind === undefined) {
    const { MessageSid: message = '', From: from = '', Body: text = '' } = form;
    parts.received({ id: message, from, text });
    return twiml(response, nothing());
  }
  const call = parts.book.byId(id);
  if (!call) return end(response, 404);
  // Also how a call is found whose placing was never answered.
  if (form.CallSid) parts.book.placed(id, form.CallSid);
  if (kind === 'status') {
    parts.changed(id);
    return end(response, 204);
  }
  const { conversation } = parts;
  if (turn === undefined) return twiml(response, await conversation.answered(call, form.AnsweredBy ?? ''));
  twiml(response, await conversation.heard(call, Number(turn), (form.SpeechResult ?? '').trim()));
}

function twiml(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'text/xml; charset=utf-8' }).end(text);
}

function end(response: ServerResponse, status: number): void {
  if (!response.headersSent) response.writeHead(status);
  response.end();
}

/** null when it is too large. */
async function read(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size <= MAX_BYTES) chunks.push(chunk);
  }
  return size > MAX_BYTES ? null : Buffer.concat(chunks).toString('utf8');
}
