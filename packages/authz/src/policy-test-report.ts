/** Renders the results of policy tests. */
import type { PolicyTestCase, PolicyTestReport } from './policy-tests.ts';

/** The formats that {@link formatPolicyTests} knows. */
export type PolicyTestFormat = 'table' | 'json' | 'junit' | 'tap';

/** The report as text, with a line end at the end. */
export function formatPolicyTests(report: PolicyTestReport, format: PolicyTestFormat): string {
  switch (format) {
    case 'table':
      return formatTable(report);
    case 'json':
      return `${JSON.stringify(report, undefined, 2)}\n`;
    case 'junit':
      return formatJunit(report);
    case 'tap':
      return formatTap(report);
    default:
      throw new TypeError(`unknown format ${String(format satisfies never)}`);
  }
}

function formatTable({ cases, passed, failed, coverage }: PolicyTestReport): string {
  const width = Math.max(0, ...cases.map(({ name }) => name.length));
  const lines = cases.map(({ ok, name, expected, got, policies }) => {
    const outcome = ok ? got : `expected ${expected}, got ${got}`;
    const by = policies.length === 0 || got.includes(' by ') ? '' : ` (${policies.join(', ')})`;
    return `${ok ? '✓' : '✗'} ${name.padEnd(width)}  ${outcome}${by}`;
  });
  const used = coverage.policies.length - coverage.unused.length;
  lines.push('', `${passed} passed, ${failed} failed`);
  if (coverage.policies.length > 0) {
    const rest = coverage.unused.length === 0 ? '' : `; untested: ${coverage.unused.join(', ')}`;
    lines.push(`${used} of ${coverage.policies.length} policies decided a test${rest}`);
  }
  return `${lines.join('\n')}\n`;
}

function formatTap({ cases }: PolicyTestReport): string {
  const lines = ['TAP version 14', `1..${cases.length}`];
  for (const [index, { ok, name, expected, got }] of cases.entries()) {
    const title = name.replaceAll('\\', '\\\\').replaceAll('#', '\\#').replace(/\s+/g, ' ');
    lines.push(`${ok ? 'ok' : 'not ok'} ${index + 1} - ${title}`);
    if (!ok) {
      const quote = (text: string): string => JSON.stringify(text);
      lines.push('  ---', `  expected: ${quote(expected)}`, `  got: ${quote(got)}`, '  ...');
    }
  }
  return `${lines.join('\n')}\n`;
}

function formatJunit({ cases, failed }: PolicyTestReport): string {
  const body = cases.map(formatJunitCase);
  const count = `tests="${cases.length}" failures="${failed}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${count}>`,
    `  <testsuite name="policies" ${count}>`,
    ...body,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function formatJunitCase({ ok, name, expected, got }: PolicyTestCase): string {
  const open = `    <testcase classname="policies" name="${escapeXml(name)}"`;
  const message = escapeXml(`expected ${expected}, got ${got}`);
  return ok ? `${open}/>` : `${open}><failure message="${message}"/></testcase>`;
}

function escapeXml(text: string): string {
  const named: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  return (
    text
      .replace(/[&<>"]/g, (char) => named[char] ?? char)
      // Characters that XML 1.0 cannot hold.
      .replace(/[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
      .replace(/[\t\n\r]/g, (char) => `&#${char.charCodeAt(0)};`)
  );
}
