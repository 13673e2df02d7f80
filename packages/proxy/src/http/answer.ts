/** What goes back to the client: a `Response`, or what one would be made of. */

/** Every `Response` is one. Bodies that are at hand stay texts and bytes: streams cost more. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | Uint8Array | string | null;
}

/** The same as a Web `Response`. */
export function toResponse(answer: Answer): Response {
  if (answer instanceof Response) return answer;
  const { status, headers, body } = answer;
  // The platform types ask for an ArrayBuffer-backed view, which answers of a network are.
  return new Response(body as BodyInit | null, { status, headers: [...headers] });
}

/** True for 2xx. */
export function isSuccess({ status }: Pick<Answer, 'status'>): boolean {
  return status >= 200 && status < 300;
}

/** True for the statuses with which no body comes (RFC 9110 §15.3.5, §15.3.6, §15.4.5). */
export function isBodyless(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}

/** The body as a stream, whatever it is. */
export function streamOf(body: Answer['body']): ReadableStream<Uint8Array> | null {
  if (body === null || body instanceof ReadableStream) return body;
  return new Response(body as BodyInit).body;
}

/** Says that nothing of the body is of use any more, so that a failing cancel changes nothing. */
export function discard({ body }: Pick<Answer, 'body'>): void {
  if (body instanceof ReadableStream) body.cancel().catch(() => undefined);
}
