import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ModelRequest {
  messages: { role: string; content: unknown }[];
  /** All that was said to the model, as one text. */
  text: string;
  /** Header `authorization`. */
  authorization: string | undefined;
}

/** What the model does: say something, fail with a status, or never answer. */
export type ModelAnswer = { say: string; afterMs?: number } | { status: number } | 'hang';

/** A model server (OpenAI's chat completions) that does what the test says. */
export interface TestModel extends AsyncDisposable {
  url: string;
  id: string;
  requests: ModelRequest[];
  /** Decides on each request. */
  answer: (request: ModelRequest, count: number) => ModelAnswer;
}

/** `host`: other than loopback for hosts in containers. */
export async function startModel(answer: TestModel['answer'], host = '127.0.0.1'): Promise<TestModel> {
  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  const model: TestModel = {
    url: `http://${host}:${port}/v1`,
    id: 'scripted',
    requests: [],
    answer,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { messages } = JSON.parse(Buffer.concat(chunks).toString()) as ModelRequest;
    const { authorization } = request.headers;
    const asked = { messages, text: JSON.stringify(messages), authorization };
    model.requests.push(asked);
    const given = model.answer(asked, model.requests.length);
    if (given === 'hang') return;
    if ('status' in given)
      return void response
        .writeHead(given.status, { 'content-type': 'application/json' })
        .end(JSON.stringify({ error: { message: `scripted ${given.status}`, type: 'scripted' } }));
    if (given.afterMs) await new Promise((resolve) => setTimeout(resolve, given.afterMs));
    stream(response, given.say);
  };
  return model;
}

function stream(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (choice: object, more: object = {}) =>
    response.write(
      `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 0, model: 'scripted', choices: [{ index: 0, ...choice }], ...more })}\n\n`,
    );
  send({ delta: { role: 'assistant', content: text }, finish_reason: null });
  send({ delta: {}, finish_reason: 'stop' }, { usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } });
  response.end('data: [DONE]\n\n');
}
