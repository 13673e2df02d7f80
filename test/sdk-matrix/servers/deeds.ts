/** What the servers that are written here do alike, on whatever SDK. */
import { NAMES, STEP } from '../surface.ts';

/** A result. */
export function text(value: string) {
  return { content: [{ type: 'text' as const, text: value }] };
}

/** A completion of the argument of `greet`. */
export function completeName(start: string): string[] {
  return NAMES.filter((one) => one.startsWith(start));
}

/** The prompt `greet`. */
export function greet({ name }: { readonly name: string }) {
  const content = { type: 'text' as const, text: `Greet ${name}.` };
  return { messages: [{ role: 'user' as const, content }] };
}

/** A call that says three times how far it is, to whoever gave a token. */
export async function takeLong(
  progressToken: string | number | undefined,
  notify: (notice: {
    method: 'notifications/progress';
    params: { progressToken: string | number; progress: number; total: number };
  }) => Promise<void>,
) {
  for (let progress = 1; progress <= 3; progress += 1) {
    await pause(STEP);
    if (progressToken === undefined) continue;
    const params = { progressToken, progress, total: 3 };
    await notify({ method: 'notifications/progress', params });
  }
  await pause(STEP);
  return text('done');
}

/** A call that lasts until it is cancelled, or for five seconds. */
export async function hang(signal: AbortSignal, counts: { cancelled: number }) {
  await new Promise((resolve) => {
    signal.addEventListener('abort', resolve, { once: true });
    setTimeout(resolve, 5_000).unref();
  });
  if (signal.aborted) counts.cancelled += 1;
  return text('ended');
}

/** What the client's model is asked. */
export const TO_MODEL = {
  messages: [{ role: 'user' as const, content: { type: 'text' as const, text: 'What now?' } }],
  maxTokens: 5,
};

/** What the client's user is asked. */
export const TO_USER = {
  message: 'A word?',
  requestedSchema: {
    type: 'object' as const,
    properties: { word: { type: 'string' as const } },
  },
};

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
