/** Freshness lifetime from response headers (RFC 9111 §5.2.2, §5.3). */

/** Seconds for which an answer is fresh by its headers; `undefined` when they do not say. */
export function readMaxAge(headers: Headers): number | undefined {
  const directives = (headers.get('cache-control') ?? '').toLowerCase().split(',');
  let maxAge: number | undefined;
  for (const directive of directives) {
    const [name, value] = directive.trim().split('=', 2);
    if (name === 'no-store' || name === 'no-cache') return 0;
    if (name !== 'max-age' || value === undefined) continue;
    const seconds = /^"?(\d{1,10})"?$/.exec(value.trim());
    if (seconds?.[1] !== undefined) maxAge = Number(seconds[1]);
  }
  if (maxAge === undefined) return undefined;
  const age = /^\d{1,10}$/.exec(headers.get('age')?.trim() ?? '');
  return Math.max(0, maxAge - Number(age?.[0] ?? 0));
}
