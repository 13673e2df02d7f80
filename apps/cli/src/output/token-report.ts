/** What `thv token inspect` prints: every check, what it saw, and what to do. Pure. */
import type { inspectSignIn } from '@thv/compose';
import { clean } from '../log.ts';
import { hintLines } from './hint-lines.ts';
import { toJsonLine } from './json-line.ts';
import { paint, paintMarks } from './paint.ts';
import { providerHint } from './provider-hints.ts';
import type { Screen } from './screen.ts';
import { wrapLines } from './text-width.ts';

type Inspection = Awaited<ReturnType<typeof inspectSignIn>>;

export interface TokenReportOptions {
  /** Never printed, even when the provider repeats it in a claim. */
  readonly token: string;
  readonly format: 'text' | 'json';
  readonly screen: Screen;
}

export function renderTokenReport(inspection: Inspection, options: TokenReportOptions): string {
  const checks = inspection.checks.map(({ name, ok, detail, hint }) => ({
    name,
    ok,
    detail: withoutToken(detail, options.token),
    hint: hint === null ? null : withoutToken(hintFor(name, detail, hint), options.token),
  }));
  // An answer that is incomplete is not a good one.
  const ok = inspection.ok && !inspection.providerUnreachable;
  if (options.format === 'json') {
    return toJsonLine({ ok, checks });
  }
  const width = Math.max(...checks.map(({ name }) => name.length));
  const { screen } = options;
  const lines = checks.flatMap(({ name, ok: passed, detail, hint }) => [
    ...wrapLines(clean(detail), `${passed ? '✓' : '✗'} ${name.padEnd(width)}  `, screen),
    ...hintLines(hint === null ? undefined : clean(hint), `  ${' '.repeat(width)}  → `, screen),
  ]);
  const end = paint(verdict(inspection), ok ? 'good' : 'bad', screen);
  return `${paintMarks(lines.join('\n'), screen)}\n\n${end}\n`;
}

function hintFor(name: string, detail: string, hint: string): string {
  return (name === 'keys' ? providerHint(detail) : undefined) ?? hint;
}

function verdict({ ok, providerUnreachable, checks }: Inspection): string {
  if (providerUnreachable) {
    return 'The provider could not be asked, so nobody can say whether the token is good.';
  }
  const failed = checks.filter((check) => !check.ok).length;
  return ok
    ? 'The token is accepted.'
    : `The token is refused: ${failed} of ${checks.length} checks failed.`;
}

/** The token, and each of its parts that is long enough to be one. */
function withoutToken(text: string, token: string): string {
  return [token, ...token.split('.')]
    .filter((part) => part.length >= 8)
    .reduce((rest, part) => rest.replaceAll(part, '[token]'), text);
}
