/** What `thv policy check` prints. Pure. */
import type { Finding, Severity } from '@thv/authz';
import { clean } from '../log.ts';
import { hintLines } from './hint-lines.ts';
import { toJsonLine } from './json-line.ts';
import { type Meaning, paint } from './paint.ts';
import type { Screen } from './screen.ts';
import { wrapLines } from './text-width.ts';

export interface CheckOutput {
  readonly file: string;
  readonly findings: readonly Finding[];
  /** Whether the command ends with exit code 0. */
  readonly ok: boolean;
  /** How a file is shown. */
  readonly showPath: (file: string) => string;
  readonly screen: Screen;
}

export function renderCheckReport(output: CheckOutput, format: 'text' | 'json'): string {
  return format === 'json' ? renderJson(output) : renderText(output);
}

function renderJson({ ok, findings, showPath }: CheckOutput): string {
  return toJsonLine({
    ok,
    findings: findings.map(({ code, severity, message, fix, file, policy, line, column }) => ({
      code,
      severity,
      message,
      fix: fix ?? null,
      file: file === undefined ? null : showPath(file),
      policy: policy ?? null,
      line: line ?? null,
      column: column ?? null,
    })),
  });
}

function renderText(output: CheckOutput): string {
  const { findings, file, showPath, ok, screen } = output;
  const blocks = findings.map((finding) => renderFinding(finding, output));
  const summary = paint(summarise(findings), ok ? 'good' : 'bad', screen);
  return [...blocks, `${showPath(file)}: ${summary}\n`].join('\n');
}

const MEANING: Readonly<Record<Severity, Meaning | undefined>> = {
  error: 'bad',
  warning: 'warning',
  note: undefined,
};

function renderFinding(finding: Finding, { file, showPath, screen }: CheckOutput): string {
  const { code, severity, message, fix, policy, line, column } = finding;
  const place = [showPath(finding.file ?? file), line, column]
    .filter((part) => part !== undefined)
    .join(':');
  const whose = policy === undefined ? '' : `${policy}: `;
  const lines = [
    `${place}: ${paint(`${severity} ${code}`, MEANING[severity], screen)}`,
    ...renderExcerpt(finding).map((text) => `    ${text}`),
    ...wrapLines(clean(`${whose}${message}`), '  ', screen),
    ...hintLines(fix && clean(fix), '  → ', screen),
  ];
  return `${lines.join('\n')}\n`;
}

/** The line and a mark below the column. */
function renderExcerpt({ excerpt = '', excerptColumn = 1 }: Finding): readonly string[] {
  // One space for each control character, so that the mark fits.
  const line = clean(excerpt.replace(/\p{Cc}/gu, ' ')).trimEnd();
  const shown = line.trimStart();
  const mark = Math.max(0, excerptColumn - 1 - (line.length - shown.length));
  return shown === '' ? [] : [shown, `${' '.repeat(mark)}^`];
}

const SEVERITIES: readonly Severity[] = ['error', 'warning', 'note'];

function summarise(findings: readonly Finding[]): string {
  const counts = SEVERITIES.map((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? '' : `${count} ${severity}${count === 1 ? '' : 's'}`;
  });
  return counts.filter((text) => text !== '').join(', ') || 'nothing to complain about';
}
